export { DuelcastProvider, useDuelcast, type DuelcastProviderProps } from "./provider.js";
export { useConnection } from "./use-connection.js";
export { useStore, type Live } from "./use-store.js";
export { useInbox, useLeaderboard, usePrice, usePrices, useRoom } from "./values.js";
