import type { ReactNode } from "react";
import { count, NONE } from "../../../app/format";
import { operateTexts } from "../../../app/texts/operate";
import { useReading } from "../../../data/reading";
import { Ago } from "../../../parts/ago";
import { LiveState } from "../../../parts/live-state";
import { Scroll } from "../../../parts/scroll";

const { overview } = operateTexts;
const INTERVAL_MS = 10_000;

/** The processes of the server. */
export function Nodes(): ReactNode {
  const { value, status, error, at, again } = useReading("GET /api/v69/nodes", {}, INTERVAL_MS);
  return (
    <section className="block">
      <h2>{overview.nodes}</h2>
      <LiveState status={status} error={error} at={at} retry={again} />
      {value && (
        <Scroll label={overview.nodes}>
          <table className="rows">
            <thead>
              <tr>
                <th scope="col">{overview.node}</th>
                <th scope="col">{overview.role}</th>
                <th scope="col" className="wide-only">
                  {overview.nodeVersion}
                </th>
                <th scope="col" className="number">
                  {overview.nodeConnections}
                </th>
                <th scope="col" className="number">
                  {overview.lag}
                </th>
                <th scope="col" className="number wide-only">
                  {overview.nodeSince}
                </th>
              </tr>
            </thead>
            <tbody>
              {value.data.map((node) => (
                <tr key={node.name}>
                  <th scope="row">{node.name}</th>
                  <td>{node.role}</td>
                  <td className="wide-only">{node.version}</td>
                  <td className="number">{count(node.connections)}</td>
                  <td className="number">{node.lagMs === null ? NONE : `${count(node.lagMs)} ms`}</td>
                  <td className="number wide-only">
                    <Ago at={node.since} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </section>
  );
}
