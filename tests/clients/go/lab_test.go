// MSAL Go and azidentity, unmodified, against one running system. tests/clients/run starts it and sets the
// environment; SSL_CERT_FILE makes Go trust the local certificate authority.
package clients

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"testing"
)

const (
	orders      = "api://contoso-orders"
	ordersRead  = orders + "/Orders.Read"
	ordersAll   = orders + "/.default"
	graphAll    = "https://graph.microsoft.com/.default"
	loopback    = "http://localhost"
	desktopName = "Orders Desktop"
	serverName  = "Contoso Orders Connector"
	daemonName  = "Nightly Job"
)

var (
	lab = os.Getenv("SUITE_LAB")
	idp = os.Getenv("SUITE_IDP_TLS")
)

type user struct {
	Role     string `json:"role"`
	UPN      string `json:"upn"`
	ID       string `json:"id"`
	Password string `json:"password"`
}

type application struct {
	Name         string   `json:"name"`
	ClientID     string   `json:"client_id"`
	Secret       string   `json:"secret"`
	RedirectURIs []string `json:"redirect_uris"`
}

// tenant is a tenant for one test, deleted when the test ends.
type tenant struct {
	t            *testing.T
	ID           string        `json:"tenant_id"`
	Users        []user        `json:"users"`
	Applications []application `json:"applications"`
}

// newTenant creates a tenant whose clock is stopped at the wall time, with which SDKs compare expiry.
func newTenant(t *testing.T) *tenant {
	t.Helper()
	created := &tenant{t: t}
	body := map[string]any{"bare": true, "clock": map[string]any{"speed": 0}}
	call(t, http.MethodPost, "/lab/tenants", body, created)
	t.Cleanup(func() { call(t, http.MethodDelete, "/lab/tenants/"+created.ID, nil, nil) })
	return created
}

func (tenant *tenant) authority() string { return idp + "/" + tenant.ID }

func (tenant *tenant) user(role string) user {
	for _, found := range tenant.Users {
		if found.Role == role {
			return found
		}
	}
	tenant.t.Fatalf("the seed has no user '%s'", role)
	return user{}
}

func (tenant *tenant) application(name string) application {
	for _, found := range tenant.Applications {
		if found.Name == name {
			return found
		}
	}
	tenant.t.Fatalf("the seed has no application '%s'", name)
	return application{}
}

// raise raises a lab event for the owner and reads the tenant again (a password may have changed).
func (tenant *tenant) raise(kind string, more map[string]any) {
	tenant.t.Helper()
	event := map[string]any{"type": kind, "user": "owner"}
	for name, value := range more {
		event[name] = value
	}
	call(tenant.t, http.MethodPost, "/lab/tenants/"+tenant.ID+"/events", event, nil)
	call(tenant.t, http.MethodGet, "/lab/tenants/"+tenant.ID, nil, tenant)
}

func (tenant *tenant) advance(duration string) {
	tenant.t.Helper()
	call(tenant.t, http.MethodPost, "/lab/tenants/"+tenant.ID+"/clock", map[string]any{"advance": duration}, nil)
}

func call(t *testing.T, method, path string, body, into any) {
	t.Helper()
	encoded, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequest(method, lab+path, bytes.NewReader(encoded))
	if err != nil {
		t.Fatal(err)
	}
	if body != nil {
		request.Header.Set("content-type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode >= 300 {
		t.Fatal(fmt.Errorf("%s %s: %d %s", method, path, response.StatusCode, text))
	}
	if into != nil {
		if err := json.Unmarshal(text, into); err != nil {
			t.Fatal(err)
		}
	}
}
