/**
 * What the dial promises, and how sure that is. Pure functions of traces and answers: fixed-sequence testing along the dial
 * (certify), a bound that holds at any time of looking (audits), few labels, groups. Runs nothing, reads no file.
 */
export {};
