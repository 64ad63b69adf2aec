// Who walks through the house, and how they get in.
import { createHmac } from "node:crypto";
import { AGENTS_PASSWORD } from "./house.js";

export const FAMILY_PASSWORD = "une phrase assez longue";
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** What an authentication application shows (RFC 6238); `later`: the code of that many half minutes ahead. */
export function totp(secret, later = 0) {
  const bits = [...secret].map((sign) => BASE32.indexOf(sign).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later));
  const hash = createHmac("sha1", key).update(step).digest();
  const offset = hash[hash.length - 1] & 15;
  return String((hash.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** Types the code that the desk gave, and chooses a password: the person is logged in then. */
export async function activate(page, house, { person, login, fact }) {
  await page.goto(`${house.url}/activation`);
  await page.getByLabel(/^Code d’activation/).fill(house.activationCode(person));
  await page.getByLabel(/^Votre nom de famille/).fill(fact);
  await page.getByLabel(/^Votre adresse électronique/).fill(login);
  await page.getByLabel(/^Choisissez un mot de passe/).fill(FAMILY_PASSWORD);
  await page.getByRole("button", { name: "Activer mon accès" }).click();
}

/** Address and password. */
export async function logIn(page, house, login, password = FAMILY_PASSWORD) {
  await page.goto(`${house.url}/connexion`);
  await page.getByLabel("Adresse électronique").fill(login);
  await page.getByLabel("Mot de passe").fill(password);
  await page.getByRole("button", { name: "Se connecter" }).click();
}

/** The key that the enrolment page shows to whoever can't photograph it. */
export async function totpKey(page) {
  const shown = await page.locator("details .secret").textContent();
  return shown.replace(/[^A-Z2-7]/g, "");
}

/** An agent's first log-in: a second factor is enrolled. Gives its key. */
export async function enter(page, house, login) {
  await logIn(page, house, login, AGENTS_PASSWORD);
  const key = await totpKey(page);
  await page.getByLabel(/^Code/).fill(totp(key));
  await page.getByRole("button", { name: "Terminer" }).click();
  await page.getByRole("link", { name: "Je les ai notés, continuer" }).click();
  return key;
}
