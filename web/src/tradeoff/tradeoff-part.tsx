export const TradeoffPart = () => null;
