// The house that the tests walk through: the living demonstration, on ports of its own, with a sign-on beside it.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const TARGET = process.env.CARGO_TARGET_DIR ?? join(ROOT, "target");
// A school day in a month that has begun to be billed; always the same, so that what is red today is red tomorrow.
export const TODAY = "2026-11-26";
export const TOMORROW = "2026-11-27";
export const AGENTS_PASSWORD = "demonstration-preau";
const START_MS_MAX = 120_000;

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** Resolves with the first line of a program that matches; rejects with all that it said if it ends before. */
function said(child, what, pattern) {
  return new Promise((resolve, reject) => {
    const lines = [];
    const late = setTimeout(() => reject(new Error(`${what} : rien de prêt\n${lines.join("\n")}`)), START_MS_MAX);
    createInterface({ input: child.stdout }).on("line", (line) => {
      lines.push(line);
      if (pattern.test(line)) {
        clearTimeout(late);
        resolve(lines);
      }
    });
    child.once("exit", (code) => {
      clearTimeout(late);
      reject(new Error(`${what} a fini avec ${code}\n${lines.join("\n")}`));
    });
  });
}

export class House {
  /** Seeds, bills a month and opens the doors. */
  static async open() {
    const house = new House();
    house.data = join(TARGET, "browser");
    rmSync(house.data, { recursive: true, force: true });
    mkdirSync(house.data, { recursive: true });
    const [pages, payfip] = [await freePort(), await freePort()];
    house.url = `http://127.0.0.1:${pages}`;
    house.payfip = `http://127.0.0.1:${payfip}`;
    house.settings = join(house.data, "sso.toml");
    writeFileSync(house.settings, await house.#signOn());
    // However this process ends, the house goes with it.
    process.once("exit", () => house.demo?.kill("SIGTERM"));
    await house.start(TODAY);
    return house;
  }

  /** A certified provider whose log-in page takes any name. */
  async #signOn() {
    this.provider = spawn("node", ["provider.js", `${this.url}/connexion/sso/territoire/retour`], {
      cwd: join(ROOT, "tests/sign-on"),
      stdio: ["pipe", "pipe", "ignore"],
    });
    const [issuer] = await said(this.provider, "tests/sign-on", /^http/);
    return [
      "\n[[oidc]]",
      'nom = "territoire"',
      `emetteur = "${issuer}"`,
      'client_id = "preau-0"',
      'client_secret = "un secret de trente-deux signes au moins"',
      'portees = ["email"]',
      'bouton = "Mon territoire"\n',
    ].join("\n");
  }

  /** On a day; the data of the day before is kept. */
  async start(today) {
    this.today = today;
    // Without a display: no window of a tablet.
    const { DISPLAY, WAYLAND_DISPLAY, ...environment } = process.env;
    const addresses = ["--listen", new URL(this.url).host, "--payfip", new URL(this.payfip).host];
    this.demo = spawn(join(TARGET, "debug/preau-demo"), ["--data", this.data, "--settings", this.settings, ...addresses], {
      env: { ...environment, PREAU_TODAY: today },
      stdio: ["ignore", "pipe", "inherit"],
    });
    await said(this.demo, "preau-demo", /^Prêt en/);
  }

  /** Ends the programs and waits until they have. */
  async stop() {
    if (this.demo.exitCode !== null) return;
    const ended = new Promise((resolve) => this.demo.once("exit", resolve));
    this.demo.kill("SIGTERM");
    await ended;
  }

  async close() {
    if (this.demo) await this.stop();
    this.provider?.stdin.end();
  }

  /** A command of the server, on the same installation. */
  server(...arguments_) {
    return execFileSync(join(TARGET, "debug/preau-server"), ["--data", join(this.data, "maison/serveur"), ...arguments_], {
      env: { ...process.env, PREAU_TODAY: this.today },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  /** The tablet's program, in a folder of its own. */
  #tablet(name, ...arguments_) {
    return execFileSync(join(TARGET, "debug/preau-terminal"), ["--data", join(this.data, name), ...arguments_], {
      env: { ...process.env, PREAU_TODAY: this.today },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  /** Plays acts on a tablet. */
  #play(name, ...acts) {
    const file = join(this.data, `${name}.jsonl`);
    writeFileSync(file, acts.map((act) => JSON.stringify(act)).join("\n"));
    return this.#tablet(name, "simulate", "--actions", file);
  }

  /** A tablet that is lost with the arrivals of these children on it, revoked, and found again: it hands them in. */
  lostTablet(name, site, moment, children, day) {
    const code = this.server("admin", "enrolment-code", "--site", site).trim();
    this.#tablet(name, "enrol", "--server", this.url.replace("http:", "https:"), "--code", code);
    // It had to set a damaged file aside: the desk is called for that.
    writeFileSync(join(this.data, name, `journal.db.corrompu-${day}T0712`), "");
    const first = { do: "sync", at: `${day}T07:40:00+01:00` };
    this.#play(name, first, { do: "offline" }, ...children.map((child) => ({ do: "arrive", child, moment })));
    const { device } = JSON.parse(this.#tablet(name, "status", "--format", "json"));
    this.server("admin", "revoke", "--device", device);
    this.#play(name, { do: "online", at: `${this.today}T09:00:00+01:00` }, { do: "sync" });
    return device;
  }

  /** Codes of the children that the seed enrols in an activity. */
  enrolled(activity) {
    const [head, ...rows] = readFileSync(join(this.data, "maison/dossier/inscriptions.csv"), "utf8").replace("\ufeff", "").split("\n");
    const columns = head.trim().split(";");
    const of = (row, name) => row.split(";")[columns.indexOf(name)];
    return [...new Set(rows.filter((row) => of(row, "activite") === activity).map((row) => of(row, "enfant")))];
  }

  /** What an agent hands over at the desk to somebody of the seed. */
  activationCode(person) {
    const printed = this.server("admin", "activation-code", "--person", person);
    return printed.match(/\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b/)[0];
  }

  /** What the seed says of an adult: the name that an activation asks for. */
  fact(person) {
    const [head, ...rows] = readFileSync(join(this.data, "maison/dossier/responsables.csv"), "utf8").replace("\ufeff", "").split("\n");
    const row = rows.map((line) => line.split(";")).find(([code]) => code === person);
    return row[head.split(";").indexOf("nom")];
  }

  /** An agent's account. */
  account(login, name, role, ...organisations) {
    const secret = join(this.data, "mot-de-passe");
    writeFileSync(secret, AGENTS_PASSWORD);
    const [first, ...others] = organisations;
    const who = ["--login", login, "--role", role];
    this.server("admin", "account", "create", ...who, "--name", name, "--organisation", first, "--password-file", secret);
    for (const other of others) this.server("admin", "account", "grant", ...who, "--organisation", other);
  }
}
