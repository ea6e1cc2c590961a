// Why a credential, connection or run is accepted or rejected.

const heading = (title, lines) => (lines.length ? ["", title, ...lines.map((line) => `  ${line}`)] : []);
const moment = ({ at, service, words }) => `${at}  ${service.padEnd(8)}  ${words}`;

export class Explanation {
  constructor(members) {
    Object.assign(this, members);
  }

  // The words of `outlive why`.
  toString() {
    const { what, lineage, decisions, verdict, endsByItself, wouldEndIt, wouldNotEndIt, whatIf } = this;
    return [
      what,
      ...heading("Where it came from", lineage.map(moment)),
      ...heading("What was done with it", decisions.map(moment)),
      ...(verdict ? heading(`Now, on ${verdict.at}`, [verdict.explanation]) : []),
      ...(endsByItself ? ["", `It expires on ${endsByItself} unless an event ends it earlier.`] : []),
      ...heading("It would end immediately if", wouldEndIt.map((words) => `- ${words}`)),
      ...heading("It would remain valid if", wouldNotEndIt.map((words) => `- ${words}`)),
      ...heading("What would have changed the decision", whatIf.map(({ words }) => `- ${words}`)),
    ].join("\n");
  }
}
