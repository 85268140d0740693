/**
 * Follows a Dockerfile without a container engine: each stage is a folder, COPY copies, RUN runs in the stage's working
 * folder. Covers what the Dockerfiles in deploy/ use and refuses the rest; users are not followed, nor base images but one that is
 * given as a folder, and a plain `npm ci` is this checkout's own node_modules, which came from the same lock file.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

interface Stage {
  readonly name: string;
  readonly root: string;
  workdir: string;
}

export interface Image {
  /** The working folder of the last stage. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  readonly port: number;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly healthcheck: readonly string[];
}

/** Instructions with their arguments; comments are gone and lines that end in a backslash joined. */
export function instructionsOf(dockerfile: string): [name: string, args: string][] {
  const lines = dockerfile.split('\n').filter((line) => !/^\s*#/.test(line));
  return lines
    .join('\n')
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, name, args] = /^(\w+)\s+(.*)$/.exec(line)!;
      return [name, args];
    });
}

/** Names that a .dockerignore which begins with `*` lets through. */
export function allowedNames(dockerignore: string): string[] {
  const lines = dockerignore.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  if (lines[0] !== '*' || lines.slice(1).some((line) => !/^![\w.-]+$/.test(line)))
    throw new Error('.dockerignore is not a list of what is let through');
  return lines.slice(1).map((line) => line.slice(1));
}

/** An image that another one is built on: its root folder, changed by what is built on it, and the working folder in it. */
export interface Base {
  readonly root: string;
  readonly workdir: string;
}

/** Builds under `root` from the repository in the current folder. `bases`: images that are there already, by name. */
export function followDockerfile(path: string, root: string, bases: Readonly<Record<string, Base>> = {}): Image {
  const context = join(root, 'context');
  mkdirSync(context);
  for (const name of allowedNames(readFileSync('.dockerignore', 'utf8')))
    if (existsSync(name)) cpSync(name, join(context, name), { recursive: true });

  const stages: Stage[] = [];
  let last: Stage | undefined;
  const env: Record<string, string> = {};
  const image: Record<string, string> = {};
  const inside = (stage: Stage, target: string) =>
    join(stage.root, target.startsWith('/') ? '' : stage.workdir, target);

  for (const [name, args] of instructionsOf(readFileSync(path, 'utf8'))) {
    if (name === 'FROM') {
      const base: Base | undefined = bases[args];
      const stage = {
        name: / AS (\w+)$/.exec(args)?.[1] ?? '',
        root: base?.root ?? join(root, `stage${stages.length}`),
        workdir: base?.workdir ?? '/',
      };
      mkdirSync(stage.root, { recursive: true });
      stages.push(stage);
      last = stage;
      continue;
    }
    const stage = last!;
    if (name === 'WORKDIR') {
      stage.workdir = args;
      mkdirSync(inside(stage, '.'), { recursive: true });
    } else if (name === 'COPY') {
      const [, from, rest] = /^(?:--from=(\w+) )?(.*)$/.exec(args)!;
      const words = rest.split(/\s+/);
      const target = words.pop()!;
      const source = stages.find((one) => one.name === from);
      for (const word of words) {
        const file = source ? inside(source, word) : join(context, word);
        const isWhole = word === '.' || word === source?.workdir;
        cpSync(file, join(inside(stage, target), isWhole ? '' : basename(word)), { recursive: true });
      }
    } else if (name === 'RUN' && args === 'npm ci') {
      symlinkSync(resolve('node_modules'), inside(stage, 'node_modules'));
    } else if (name === 'RUN') {
      execFileSync('sh', ['-ec', args.replace('--prefix / ', `--prefix ${stage.root} `)], {
        cwd: inside(stage, '.'),
        env: { ...process.env, npm_config_prefer_offline: 'true', npm_config_loglevel: 'error' },
        stdio: ['ignore', 'ignore', 'inherit'],
      });
    } else if (name === 'ENV') {
      const [, key, value] = /^(\w+)=(\S+)$/.exec(args)!;
      env[key] = value;
    } else if (['USER', 'EXPOSE', 'ENTRYPOINT', 'CMD', 'HEALTHCHECK'].includes(name)) {
      image[name] = args.replace(/^(--\S+\s+)*(CMD\s+)?/, '');
    } else throw new Error(`${path}: ${name} is not followed`);
  }
  return {
    folder: inside(last!, '.'),
    env,
    user: image.USER,
    port: Number(image.EXPOSE),
    entrypoint: JSON.parse(image.ENTRYPOINT),
    command: JSON.parse(image.CMD),
    healthcheck: JSON.parse(image.HEALTHCHECK ?? '[]'),
  };
}
