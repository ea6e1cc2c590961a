// Tests of applications that sign in with Microsoft Entra ID, against Outlive.

export { Lab } from "./lab.js";
export { LabError } from "./lab_error.js";
export { Tenant } from "./tenant.js";
