import { useEffect, useRef, type ReactNode } from "react";
import { Link, Route, Switch, useLocation } from "wouter";
import { isSigningIn } from "../../app/account";
import { isOperator, user } from "../../app/session";
import { useSignal } from "../../app/signal";
import { texts } from "../../app/texts";
import { operateTexts } from "../../app/texts/operate";
import { LiveState } from "../../parts/live-state";
import { useAlerts } from "./alerts";
import { Analytics } from "./analytics/analytics";
import { Audit } from "./audit/audit";
import { Errors } from "./errors/errors";
import { Announcements } from "./announcements/announcements";
import { ContestPage } from "./contests/contest-page";
import { Contests } from "./contests/contests";
import { CreatePage } from "./contests/create-page";
import { Overview } from "./overview/overview";
import { Services } from "./services/services";
import { Settings } from "./settings/settings";
import { Users } from "./users/users";

const VIEWS: readonly (readonly [path: string, name: string])[] = [
  ["/operate", operateTexts.nav.overview],
  ["/operate/services", operateTexts.nav.services],
  ["/operate/settings", operateTexts.nav.settings],
  ["/operate/users", operateTexts.nav.users],
  ["/operate/contests", operateTexts.nav.contests],
  ["/operate/announcements", operateTexts.nav.announcements],
  ["/operate/errors", operateTexts.nav.errors],
  ["/operate/audit", operateTexts.nav.audit],
  ["/operate/analytics", operateTexts.nav.analytics],
];

/** The views for operators; others learn that they may not see them. */
export default function Operate(): ReactNode {
  const one = useSignal(user);
  if (one === undefined) return <LiveState status="loading" />;
  if (one === null) {
    return (
      <div className="empty">
        <p>{texts.account.needed}</p>
        <button type="button" className="primary" onClick={() => isSigningIn.set(true)}>
          {texts.account.signIn}
        </button>
      </div>
    );
  }
  if (!isOperator(one)) return <p className="empty">{texts.states.refused}</p>;
  return <Area />;
}

function Area(): ReactNode {
  useAlerts();
  return (
    <div className="operate">
      <nav className="tabs" aria-label={operateTexts.nav.label}>
        {VIEWS.map(([path, name]) => (
          <Tab key={path} path={path}>
            {name}
          </Tab>
        ))}
      </nav>
      <Switch>
        <Route path="/operate" component={Overview} />
        <Route path="/operate/services/:name?">{({ name }) => <Services name={name} />}</Route>
        <Route path="/operate/settings/:key?">{({ key }) => <Settings chosen={key} />}</Route>
        <Route path="/operate/users/:wallet?">{({ wallet }) => <Users chosen={wallet} />}</Route>
        <Route path="/operate/errors" component={Errors} />
        <Route path="/operate/audit" component={Audit} />
        <Route path="/operate/analytics" component={Analytics} />
        <Route path="/operate/announcements" component={Announcements} />
        <Route path="/operate/contests" component={Contests} />
        <Route path="/operate/contests/new" component={CreatePage} />
        <Route path="/operate/contests/:id">{({ id }) => <ContestPage key={id} id={Number(id)} />}</Route>
        <Route>
          <h1>{texts.states.notFound}</h1>
        </Route>
      </Switch>
    </div>
  );
}

function Tab({ path, children }: { path: string; children: ReactNode }): ReactNode {
  const [present] = useLocation();
  const isHere = path === "/operate" ? present === path : present.startsWith(path);
  const link = useRef<HTMLAnchorElement>(null);
  useEffect(() => {
    // On a narrow screen, the tabs do not all fit.
    if (isHere) link.current?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [isHere]);
  return (
    <Link ref={link} href={path} aria-current={isHere ? "page" : undefined}>
      {children}
    </Link>
  );
}
