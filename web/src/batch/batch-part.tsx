export const BatchPart = () => null;
