import { DuelcastProvider } from "@duelcast/client/react";
import { StrictMode, Suspense, useEffect, type ReactNode } from "react";
import { Link, Route, Router, Switch } from "wouter";
import { LiveState } from "../parts/live-state";
import { Market } from "../views/market/market";
import { Frame } from "./frame";
import { BASE_PATH, client } from "./session";
import { texts } from "./texts";
import { Contest, Contests, Inbox, Operate, preload, SymbolView } from "./views";

export function App(): ReactNode {
  useEffect(preload, []);
  return (
    <StrictMode>
      <DuelcastProvider client={client}>
        <Router base={BASE_PATH}>
          <Frame>
            <Suspense fallback={<LiveState status="loading" />}>
              <Switch>
                <Route path="/" component={Market} />
                <Route path="/symbols/:symbol">{({ symbol }) => <SymbolView key={symbol} symbol={symbol} />}</Route>
                <Route path="/contests" component={Contests} />
                <Route path="/contests/:id/:part?">
                  {({ id, part }) => <Contest key={id} id={Number(id)} part={part} />}
                </Route>
                <Route path="/inbox" component={Inbox} />
                <Route path="/operate/*?" component={Operate} />
                <Route>
                  <h1>{texts.states.notFound}</h1>
                  <Link href="/">{texts.states.home}</Link>
                </Route>
              </Switch>
            </Suspense>
          </Frame>
        </Router>
      </DuelcastProvider>
    </StrictMode>
  );
}
