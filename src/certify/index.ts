/** Promises about the dial: certificates, careful choices, drops by group, and what watches a promise afterwards. */
export { type AbstentionFacts, type AbstentionOptions, abstaining, certifyAbstention } from './abstention.ts';
export { type CertificateFacts, type Certified, type CertifyOptions, certify } from './certify.ts';
export { type ChooseCautiouslyOptions, chooseCautiously } from './choose-cautiously.ts';
export { DIAL } from './dial.ts';
export { certifyFewLabels, type FewLabelsOptions, type LabelPlan, textsWorthLabelling } from './few-labels.ts';
export { dropByGroup, type GroupDrop, type GroupOptions } from './groups.ts';
export { type LeastRisk, type LeastRiskOptions, leastRisk } from './least-risk.ts';
export { RiskAlarm, type RiskAlarmOptions } from './risk-alarm.ts';
export { RiskSequence, type RiskSequenceOptions } from './risk-sequence.ts';
