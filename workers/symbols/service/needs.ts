/** What a dump needs and where it can be had: exact addresses, to fetch it on another computer. */
import { mayHold, type Server, shapesOf } from './servers.ts';
import { placesOf, type StorePlace, urlOf } from './storepath.ts';
import { firstWants, type ModuleRequest, type Want, type WantKind } from './want.ts';

export interface Need {
  readonly id: string;
  readonly module: string;
  readonly kind: WantKind;
  readonly file: string;
  readonly key: string;
  /** In the order in which they would be asked; none where no server of the path holds that maker's files. */
  readonly addresses: readonly string[];
  /** Lines for a shell: the first address that has it, into the layout of a store. Null where a name would not be safe there. */
  readonly curl: string | null;
  /** A line of a manifest for `symchk /im`. */
  readonly manifest: string | null;
}

/** Names come from the dump: only what no shell and no list can take for something else. */
const SAFE_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.+~ -]{0,127}$/;

export function needsOf(requests: readonly ModuleRequest[], servers: readonly Server[]): Need[] {
  const needs = requests.flatMap((request) => {
    const fitting = servers.filter((server) => mayHold(server, request.maker));
    return firstWants({ ...request, image: true }).map((want) => needOf(want, fitting));
  });
  return needs.filter((need, index) => needs.findIndex(({ id }) => id === need.id) === index);
}

function needOf(want: Want, servers: readonly Server[]): Need {
  const places = servers.flatMap((server) =>
    placesOf(want, shapesOf(server), false)
      .filter(({ shape }) => shape === 'plain' || shape === 'sym')
      .map((place) => ({ place, address: urlOf(server.url, place.parts) })),
  );
  const file = want.names[0] ?? '';
  const safe = want.names.every((name) => SAFE_NAME.test(name));
  return {
    id: want.id,
    module: want.module,
    kind: want.kind,
    file,
    key: want.key,
    addresses: places.map(({ address }) => address),
    curl: safe && places.length > 0 ? places.map(({ place, address }) => curlLine(place, address)).join(' || ') : null,
    manifest: safe ? `${file},${want.key},1` : null,
  };
}

function curlLine({ parts }: StorePlace, address: string): string {
  return `curl -fL --create-dirs -o "${parts.join('/')}" "${address}"`;
}
