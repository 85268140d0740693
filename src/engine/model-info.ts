/** What is known of a loaded model, as plain data: for whoever shows it, in a page or behind a server. */
import type { ProblemType } from '../problem-type.ts';
import { answerRule } from '../pyramid/exits/answer-rule.ts';
import type { HeadKind } from '../pyramid/exits/exits.ts';
import type { Abstention } from '../pyramid/folder/abstention.ts';
import type { Certificate, TauOrigin } from '../pyramid/folder/certificate.ts';
import { type Calibration, originOf } from '../pyramid/folder/dial.ts';
import type { Dtype } from '../pyramid/folder/model-folder.ts';
import type { NetworkShape } from '../pyramid/shape.ts';
import type { TextClassifier } from './text-classifier.ts';

/** What is known of a loaded model, as plain data. */
export interface ModelInfo {
  /** A name for people: the folder's, or the one that it is served under. */
  readonly name: string;
  /** The answers that it may give; scores and logits stand in this order. */
  readonly labels: readonly string[];
  /** Sizes of the network. */
  readonly shape: NetworkShape;
  /** The model's own tau; null: none. */
  readonly tau: number | null;
  /** How it came about; null: there is none. */
  readonly tauFrom: TauOrigin | null;
  /** Of a certified tau. */
  readonly certificate: Certificate | null;
  /** Why a certificate that the folder has holds no longer; null: none does so. */
  readonly certificateVoid: string | null;
  /** When the model is unsure; null: it answers every text. */
  readonly abstention: Abstention | null;
  /** Why an abstention that the folder has holds no longer; null: none does so. */
  readonly abstentionVoid: string | null;
  /** How tau was chosen, where that is known. */
  readonly calibration: Calibration | null;
  /** How it saves work: the method that it was trained by. */
  readonly method: string;
  /** One label, any number of labels, or a number. */
  readonly problemType: ProblemType;
  /** [C], of a multi-label model: the score from which on a text has a label. Left out for others. */
  readonly labelThresholds?: readonly number[];
  /** It was trained on pairs of texts. */
  readonly pairs: boolean;
  /** 'none': no early exit, and tau must be null or left out. */
  readonly headKind: HeadKind;
  /** It has a floor 0, which may answer before the network runs; without a network it answers all. */
  readonly hasFloor: boolean;
  /** Width of `fastbert` heads. */
  readonly headWidth: number;
  /** [L−1]: whether the head of a layer is asked; null: all are. */
  readonly asked: readonly boolean[] | null;
  /** It removes tokens. */
  readonly prunes: boolean;
  /** Longest text in tokens; longer ones are truncated. */
  readonly maxLength: number;
  /** What products with weights are computed in. */
  readonly dtype: Dtype;
}

type Loaded = Pick<TextClassifier, 'info' | 'labels' | 'shape' | 'problemType' | 'headKind' | 'hasFloor' | 'dtype'>;

/** What a loaded model says of itself. `name`: what people are shown. */
export function modelInfo(
  name: string,
  { info, labels, shape, problemType, headKind, hasFloor, dtype }: Loaded,
): ModelInfo {
  const { tau, calibration = null, certificate = null, certificateVoid = null } = info;
  const { abstention = null, abstentionVoid = null } = info;
  const { method, pairs, headWidth, asked = null, prunes, maxLength } = info;
  const promises = { certificate, certificateVoid, abstention, abstentionVoid };
  const dial = { tau, tauFrom: originOf(info), ...promises, calibration };
  const exits = { headKind, hasFloor, headWidth, asked, prunes };
  const rule = answerRule({ labels, problemType }, info);
  const several = rule.problemType === 'multi_label_classification' && { labelThresholds: rule.thresholds };
  return { name, labels, shape, ...dial, ...exits, problemType, ...several, method, pairs, maxLength, dtype };
}
