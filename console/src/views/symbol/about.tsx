import { useStore } from "@duelcast/client/react";
import { useState, type ReactNode } from "react";
import { count, NONE, short } from "../../app/format";
import { texts } from "../../app/texts";
import { Fact } from "../../parts/fact";
import { LiveState } from "../../parts/live-state";
import { SafeAnchor } from "../../parts/safe-anchor";
import type { Flows } from "./flows";

/** What is known about the token. */
export function About({ of }: { of: Flows }): ReactNode {
  const { value, status, error } = useStore(of.token);
  if (!value) return <LiveState status={status} error={error} />;
  const { name, address, decimals, fdv, liquidity, description, websites, socials } = value;
  const links = [
    ...websites.map(({ label, url }) => [label, url] as const),
    ...Object.entries(socials).map(([kind, url]) => [kind, url] as const),
  ];
  return (
    <section aria-label={texts.symbol.about}>
      <h2>{texts.symbol.about}</h2>
      <div className="panel" data-status={status}>
        {description !== null && (
          <p>
            <bdi>{description}</bdi>
          </p>
        )}
        <dl className="facts">
          <Fact name={texts.symbol.name}>{name === null ? NONE : <bdi>{name}</bdi>}</Fact>
          <Fact name={texts.symbol.decimals}>{count(decimals)}</Fact>
          <Fact name={texts.symbol.fullyDiluted}>{short(fdv)}</Fact>
          <Fact name={texts.symbol.liquidity}>{short(liquidity)}</Fact>
        </dl>
        {address !== null && (
          <dl>
            <Fact name={texts.symbol.address}>
              <code>{address}</code> <Copy text={address} />
            </Fact>
          </dl>
        )}
        {links.length > 0 && (
          <ul className="links" aria-label={texts.symbol.links}>
            {links.map(([label, url]) => (
              <li key={`${label} ${url}`}>
                <SafeAnchor to={url}>
                  <bdi>{label}</bdi>
                </SafeAnchor>
              </li>
            ))}
          </ul>
        )}
      </div>
    </section>
  );
}

/** Copies a text; a page without HTTPS has no clipboard, and then there is no button. */
function Copy({ text }: { text: string }): ReactNode {
  const [isCopied, setIsCopied] = useState(false);
  if (!window.isSecureContext) return null;
  return (
    <button
      type="button"
      className="copy"
      aria-label={texts.symbol.copyAddress}
      onClick={() =>
        void navigator.clipboard.writeText(text).then(
          () => setIsCopied(true),
          () => setIsCopied(false),
        )
      }
    >
      <span role="status">{isCopied ? texts.symbol.copied : texts.symbol.copy}</span>
    </button>
  );
}
