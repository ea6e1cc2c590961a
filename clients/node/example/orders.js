// Reads the user's orders. If the user has to sign in again, there is a sign-in address instead.

import { InteractionRequiredAuthError } from "@azure/msal-node";

export async function readOrders(session, url) {
  const get = async (options) => fetch(url, { headers: { authorization: `Bearer ${await session.token(options)}` } });
  try {
    let response = await get();
    if (response.status === 401) response = await get({ forceRefresh: true });
    return (await response.json()).value;
  } catch (error) {
    if (!(error instanceof InteractionRequiredAuthError)) throw error;
    return { signInUrl: await session.signInUrl() };
  }
}
