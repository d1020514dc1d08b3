import { counted } from "./format";
import { contests } from "./texts/contests";
import { inbox } from "./texts/inbox";
import { symbol } from "./texts/symbol";
import { contest } from "./texts/contest";
import { room } from "./texts/room";
import { trade } from "./texts/trade";

/** All sentences and labels of the console, by view. */
export const texts = {
  product: "Duelcast",
  nav: {
    market: "Market",
    contests: "Contests",
    inbox: "Inbox",
    operate: "Operate",
    docs: "Docs",
    skip: "Skip to the content",
    main: "Main",
  },
  status: {
    live: "Live",
    connecting: "Connecting",
    offline: "Offline",
    maintenance: "Maintenance",
    degraded: "Degraded",
    signedOut: "Signed out",
    refused: "Refused",
    reconnecting: "Reconnecting",
    inSeconds: (seconds: number) => `in ${seconds} s`,
  },
  account: {
    signIn: "Sign in",
    signOut: "Sign out",
    signedInAs: (name: string) => `Signed in as ${name}`,
    title: "Sign in",
    withWallet: "Sign in with your Solana wallet",
    noWallet: "With a Solana wallet in this browser, you could sign in without a token.",
    token: "Access token",
    whence: "Those who run this server give out access tokens, with the command",
    whenceDemo: "A demo prints two of them when it starts.",
    tokenHint: "Each tab signs in on its own: the token stays in this tab, and is gone when you close it.",
    withToken: "Sign in with the token",
    notAToken: "This is not an access token: it has three parts of letters and digits with dots between them.",
    expired: "You are signed out, because the access token is no longer valid. Your drafts are kept.",
    needed: "Sign in to see this.",
  },
  states: {
    loading: "Loading",
    stale: (age: string) => `As of ${age}`,
    error: (code: string) => `Error code: ${code}`,
    retry: "Try again",
    notFound: "There is no such page.",
    home: "Go to the market",
    refused: "The server does not show this to you.",
    broken: "This part of the page has failed.",
  },
  reload: {
    text: "The server has a new version.",
    action: "Reload",
  },
  dialog: {
    cancel: "Cancel",
    close: "Close",
    typeToConfirm: (word: string) => `Type “${word}” to confirm`,
  },
  keys: {
    title: "Keyboard shortcuts",
    search: "Search",
    help: "Show this list",
    market: "Go to the market",
    contests: "Go to the contests",
    inbox: "Go to the inbox",
    operate: "Go to the views for operators",
  },
  contest,
  room,
  trade,
  market: {
    title: "Market",
    search: "Search symbols",
    symbol: "Symbol",
    price: "Price",
    change: "24 h",
    volume: "Volume 24 h",
    trend: "Trend",
    age: "Age",
    stale: "stale",
    pin: (name: string) => `Pin ${name}`,
    unpin: (name: string) => `Unpin ${name}`,
    none: "No symbol has a price yet.",
    noMatch: (text: string) => `No symbol matches “${text}”.`,
    count: (shown: number, all: number) => (shown === all ? "" : `${shown} of `) + counted(all, "symbol"),
  },
  contests,
  inbox,
  symbol,
} as const;
