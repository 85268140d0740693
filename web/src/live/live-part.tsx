export const LivePart = () => null;
