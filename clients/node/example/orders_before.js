// Reads the user's orders. Ignores that a refresh token can be revoked.

export async function readOrders(session, url) {
  const get = async (options) => fetch(url, { headers: { authorization: `Bearer ${await session.token(options)}` } });
  let response = await get();
  if (response.status === 401) response = await get({ forceRefresh: true });
  return (await response.json()).value;
}
