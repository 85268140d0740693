/** What products with weights are computed in. */
export type Dtype = 'fp32' | 'int8';
export const DTYPES: readonly Dtype[] = ['fp32', 'int8'];
