// What the programs of both clients for Node share: cases in their order, each told with how it went.
import { deepStrictEqual } from 'node:assert';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

export const equal = deepStrictEqual;

export const version = (name) =>
  `${name} ${JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')).version}`;

export async function until(holds) {
  while (!(await holds())) await pause(20);
}

export async function judge(client, cases) {
  console.log(`client ${client}`);
  for (const [name, run] of Object.entries(cases)) {
    const late = pause(15_000, undefined, { ref: false }).then(() => {
      throw new Error('It took more than 15 seconds.');
    });
    try {
      await Promise.race([run(), late]);
      console.log(`works ${name}`);
    } catch (wrong) {
      console.error(wrong);
      console.log(`breaks ${name} ${String(wrong).replace(/\s+/g, ' ').slice(0, 300)}`);
    }
    late.catch(() => undefined);
  }
  process.exit(0);
}
