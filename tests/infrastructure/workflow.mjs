// Reads a workflow with GitHub's own parser and expression engine, and answers questions about it: one JSON object
// per line on stdin, one per line on stdout. What it does not know it refuses; it never guesses.
//   {"ask": "jobs"}                               every job with its needs and the combinations of its matrix
//   {"ask": "job", "job", "contexts", "status"}   whether it runs, its name, environment and time limit
//   {"ask": "outputs", "job", "contexts"}         what it hands to the jobs that need it
//   {"ask": "step", "job", "step", ...}           whether it runs, and what: `run` or `uses`, with everything evaluated
import { NoOperationTraceWriter, convertWorkflowTemplate, parseWorkflow } from "@actions/workflow-parser";
import { Evaluator, Lexer, Parser, data } from "@actions/expressions";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const KNOWN_OF_A_JOB = [
  "name", "needs", "if", "permissions", "runs-on", "environment", "concurrency", "timeout-minutes", "strategy", "env", "defaults",
  "outputs", "steps",
];
const KNOWN_OF_A_STEP = ["id", "name", "if", "uses", "with", "run", "env", "shell"];

function evaluate(source, contexts, status) {
  const functions = ["success", "failure", "cancelled", "always"].map((name) => ({
    name, minArgs: 0, maxArgs: 0, call: () => new data.BooleanData(name === "always" || name === status),
  }));
  const parsed = new Parser(new Lexer(source).lex().tokens, Object.keys(contexts), functions).parse();
  const known = JSON.parse(JSON.stringify(contexts), data.reviver);
  const byName = new Map(functions.map((one) => [one.name, one]));
  return JSON.parse(JSON.stringify(new Evaluator(parsed, known, byName).evaluate(), data.replacer));
}

// The parser's tokens as plain values, with every expression evaluated.
function resolve(token, contexts, status) {
  const plain = (one) => {
    if (one === null || typeof one !== "object") return one;
    if (one.seq) return one.seq.map(plain);
    if (one.map) return Object.fromEntries(one.map.map(({ Key, Value }) => [plain(Key), plain(Value)]));
    if (one.expr) return evaluate(one.expr, contexts, status);
    throw new Error(`this runner does not know the token ${JSON.stringify(one)}`);
  };
  return plain(token === undefined ? null : JSON.parse(JSON.stringify(token)));
}

const entries = (mapping) => Object.fromEntries(Array.from(mapping ?? [], ({ key, value }) => [key.toString(), value]));

function refuse(kind, found, known) {
  const unknown = Object.keys(found).filter((key) => !known.includes(key));
  if (unknown.length) throw new Error(`this runner does not know ${kind}'s key ${unknown.join(", ")}`);
  return found;
}

function combinations(matrix) {
  if (matrix.include || matrix.exclude) throw new Error("this runner does not know include and exclude of a matrix");
  const product = (chosen, [name, values]) => chosen.flatMap((one) => values.map((value) => ({ ...one, [name]: value })));
  return Object.entries(matrix).reduce(product, [{}]);
}

async function main(file) {
  const parsed = parseWorkflow({ name: file, content: readFileSync(file, "utf8") }, new NoOperationTraceWriter());
  const template = await convertWorkflowTemplate(parsed.context, parsed.value);
  const errors = [...parsed.context.errors.getErrors(), ...(template.errors ?? [])];
  if (errors.length) throw new Error(errors.map((error) => error.message ?? error.Message).join("\n"));
  const workflow = entries(parsed.value);
  const jobs = new Map(template.jobs.map((job) => [job.id.value, job]));
  const raw = (id) => refuse("a job", entries(entries(workflow.jobs)[id]), KNOWN_OF_A_JOB);
  const shell = (level, contexts) => (level.defaults ? resolve(level.defaults, contexts).run?.shell : undefined);

  const answer = {
    jobs: () => [...jobs].map(([id, job]) => ({
      id,
      needs: (job.needs ?? []).map((needed) => needed.value),
      combinations: combinations(resolve(entries(raw(id).strategy).matrix, {}) ?? {}),
    })),
    job: ({ job, contexts, status }) => ({
      runs: Boolean(evaluate(jobs.get(job).if.expression, contexts, status)),
      name: resolve(raw(job).name, contexts),
      env: { ...resolve(workflow.env, contexts), ...resolve(raw(job).env, contexts) },
      minutes: resolve(raw(job)["timeout-minutes"], contexts),
      steps: jobs.get(job).steps.length,
    }),
    outputs: ({ job, contexts }) => resolve(raw(job).outputs, contexts) ?? {},
    step: ({ job, step, contexts, status }) => {
      const written = refuse("a step", entries([...raw(job).steps][step]), KNOWN_OF_A_STEP);
      const env = { ...contexts.env, ...resolve(written.env, contexts, status) };
      const within = { ...contexts, env };
      const runs = Boolean(evaluate(jobs.get(job).steps[step].if.expression, within, status));
      const get = (key) => (runs ? resolve(written[key], within, status) : null);
      return {
        id: jobs.get(job).steps[step].id, name: resolve(written.name, within, status), runs, env, run: get("run"), uses: get("uses"),
        with: get("with") ?? {}, shell: get("shell") ?? shell(raw(job), within) ?? shell(workflow, within) ?? null,
      };
    },
  };
  for await (const line of createInterface({ input: process.stdin })) {
    const question = JSON.parse(line);
    console.log(JSON.stringify(answer[question.ask](question)));
  }
}

main(process.argv[2]).catch((error) => {
  console.error(String(error.message ?? error));
  process.exit(1);
});
