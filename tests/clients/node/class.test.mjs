// A class works on a lesson: a student joins, predicts and waits; the teacher sees it, and reveals the answer.

import assert from "node:assert/strict";
import { test } from "node:test";

import { browser, inspect, skip } from "./inspect.mjs";
import { LAB } from "./lab.mjs";

test("class: a student predicts and waits until the teacher reveals the answer", { skip }, async (t) => {
  const opened = await browser(t);
  const [teacher, student] = [await (await opened.newContext({ bypassCSP: true })).newPage(), await (await opened.newContext()).newPage()];
  const press = (page, name) => Promise.all([page.waitForNavigation(), page.getByRole("button", { name }).first().click()]);
  const title = (page) => page.locator("h1").first().textContent();

  await teacher.goto(`${LAB}/class`);
  await teacher.fill("[name=seats]", "2");
  await teacher.selectOption("[name=lesson]", "2");
  await press(teacher, "Open a class");
  const code = await teacher.locator(".joincode .digits").textContent();
  t.after(() => fetch(`${LAB}/lab/classes/${code}`, { method: "DELETE" }));
  assert.equal(await title(teacher), "All 2 seats are free");

  await student.goto(`${LAB}/join`);
  await student.fill("#code", code.toUpperCase().replace("-", " "));
  await student.fill("#as", "window");
  await press(student, "Join");
  assert.equal(new URL(student.url()).pathname, "/lessons/2");
  await press(student, "Create my tenant and begin");
  await student.getByRole("link", { name: "Go on: predict" }).click();
  for (const choices of await student.locator("form.predict fieldset").all()) await choices.locator("input").first().check();
  await Promise.all([student.waitForNavigation(), student.locator("form.predict button[type=submit]").click()]);
  assert.match(await title(student), /What became of each\?$/);
  assert.equal(await student.locator(".compare").count(), 0, "the answer is not on the page");

  await teacher.reload();
  assert.equal(await title(teacher), "One of two has predicted, one is not here");
  assert.match(await teacher.locator("tbody tr").first().textContent(), /window.*step 4 of/s);
  assert.equal(await teacher.locator(".tally li").count(), 1);
  await inspect(teacher, "class", "class");
  await press(teacher, "Reveal step 4");
  await student.getByRole("link", { name: "Look again" }).click();
  await student.locator(".compare").waitFor();
  assert.match(await student.locator(".guess").first().textContent(), /You expected/);
});
