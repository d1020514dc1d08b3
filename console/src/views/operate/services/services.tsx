import { useStore } from "@duelcast/client/react";
import type { SkyDuelService } from "@duelcast/client/types";
import type { ReactNode } from "react";
import { operateTexts } from "../../../app/texts/operate";
import { LiveState } from "../../../parts/live-state";
import { Split } from "../panel";
import { StateTag } from "../state-tag";
import { managed } from "../stores";
import { layersOf, layerStatus, sameLayers, type Layer } from "./layers";
import { ServicePanel } from "./service-panel";
import { ServiceRow } from "./service-row";

const { services: texts } = operateTexts;

/** The services of the server and around it, by layer. `name` is the one whose details are shown. */
export function Services({ name }: { name: string | undefined }): ReactNode {
  const { value: layers, status, error } = useStore(managed, (all) => layersOf(all.values()), sameLayers);
  return (
    <>
      <header className="view">
        <h1>{texts.title}</h1>
      </header>
      <LiveState status={status} error={error} at={status === "stale" ? newestMs(managed.get().values()) : undefined} />
      <Split panel={name !== undefined && status !== "loading" && <ServicePanel key={name} name={name} />}>
        {layers.map((layer) => (
          <LayerSection key={layer.name} layer={layer} chosen={name} />
        ))}
        {status === "live" && layers.length === 0 && <p className="empty">{texts.none}</p>}
      </Split>
    </>
  );
}

/** The moment of the newest state, in epoch milliseconds. */
function newestMs(services: Iterable<SkyDuelService>): number {
  return Math.max(...[...services].map((one) => Date.parse(one.lastUpdate)));
}

function LayerSection({ layer, chosen }: { layer: Layer; chosen: string | undefined }): ReactNode {
  const { value: status } = useStore(managed, (all) =>
    layerStatus(layer.services.flatMap((name) => all.get(name)?.status ?? [])),
  );
  return (
    <section className="block">
      <header className="heading">
        <h2>{layer.name}</h2>
        <StateTag status={status} names={texts.layerStates} />
      </header>
      <table className="rows services">
        <thead>
          <tr>
            <th scope="col">{texts.service}</th>
            <th scope="col">{texts.state}</th>
            <th scope="col" className="wide-only">
              {texts.breaker}
            </th>
            <th scope="col" className="number">
              {texts.p95}
            </th>
            <th scope="col" className="number wide-only">
              {texts.lastFailure}
            </th>
            <th scope="col" className="spare">
              {texts.dependsOn}
            </th>
          </tr>
        </thead>
        <tbody>
          {layer.services.map((name) => (
            <ServiceRow key={name} name={name} isChosen={name === chosen} />
          ))}
        </tbody>
      </table>
    </section>
  );
}
