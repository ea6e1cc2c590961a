// What a failed test prints, for every test runner.

// Returns the last journal events of the tenant as sentences.
export async function failureReport(tenant) {
  const title = `The last journal events of tenant ${tenant.domain} (${tenant.id}):`;
  try {
    const story = await tenant.story();
    return [title, ...(story.length ? story : ["Nothing has happened since its creation."])];
  } catch (error) {
    return [title, `They cannot be read: ${error.message}`];
  }
}
