package clients

import (
	"context"
	"strings"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
)

// Any claims request makes MSAL bypass the cached access token and redeem the refresh token. A
// confidential client accepts one in AcquireTokenSilent only by WithClaimsFromClient, which keeps an
// access token for each spelling of the request.
const (
	anyClaim   = `{"access_token":{"acrs":{"essential":false}}}`
	otherClaim = `{"access_token": {"acrs": {"essential": false}}}`
)

var scopesOfUsers = map[string][]string{
	"own API, all permissions": {ordersAll},
	"own API, one permission":  {ordersRead},
	"Graph, all permissions":   {graphAll},
	"Graph, one permission":    {"User.Read"},
}

func desktop(tenant *tenant) public.Client {
	client, err := public.New(tenant.application(desktopName).ClientID,
		public.WithAuthority(tenant.authority()), public.WithInstanceDiscovery(false))
	if err != nil {
		tenant.t.Fatal(err)
	}
	return client
}

func withSecret(tenant *tenant, name, secret string) confidential.Client {
	tenant.t.Helper()
	credential, err := confidential.NewCredFromSecret(secret)
	if err != nil {
		tenant.t.Fatal(err)
	}
	client, err := confidential.New(tenant.authority(), tenant.application(name).ClientID, credential,
		confidential.WithInstanceDiscovery(false))
	if err != nil {
		tenant.t.Fatal(err)
	}
	return client
}

func TestPublicClientKeepsItsAccessTokenThroughAPasswordChangeAndLosesItsRefreshToken(t *testing.T) {
	for name, scopes := range scopesOfUsers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, tenant := context.Background(), newTenant(t)
			client := desktop(tenant)
			authorize, err := client.AuthCodeURL(ctx, tenant.application(desktopName).ClientID, loopback, scopes)
			if err != nil {
				t.Fatal(err)
			}
			owner := newBrowser(t, tenant.user("owner"))
			code := owner.signIn(authorize, loopback).Get("code")
			signedIn, err := client.AcquireTokenByAuthCode(ctx, code, loopback, scopes)
			if err != nil {
				t.Fatal(err)
			}
			if signedIn.Account.PreferredUsername != tenant.user("owner").UPN {
				t.Fatalf("signed in as %q", signedIn.Account.PreferredUsername)
			}
			account := public.WithSilentAccount(signedIn.Account)
			cached := func(when string) {
				t.Helper()
				again, err := client.AcquireTokenSilent(ctx, scopes, account)
				if err != nil || again.AccessToken != signedIn.AccessToken {
					t.Fatalf("%s: not from the cache: %v", when, err)
				}
			}
			cached("at once")
			refreshed, err := client.AcquireTokenSilent(ctx, scopes, account, public.WithClaims(anyClaim))
			if err != nil || refreshed.AccessToken == signedIn.AccessToken {
				t.Fatalf("not refreshed: %v", err)
			}
			signedIn = refreshed
			tenant.raise("password_change", nil)
			cached("within the hour after the password change")
			_, err = client.AcquireTokenSilent(ctx, scopes, account, public.WithClaims(anyClaim))
			expectRefused(t, err, "invalid_grant", "AADSTS50173")
		})
	}
}

func TestConfidentialClientRefreshesThroughAPasswordChangeUntilSessionsAreRevoked(t *testing.T) {
	for name, scopes := range scopesOfUsers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, tenant := context.Background(), newTenant(t)
			registered := tenant.application(serverName)
			client := withSecret(tenant, serverName, registered.Secret)
			redirect := registered.RedirectURIs[0]
			authorize, err := client.AuthCodeURL(ctx, registered.ClientID, redirect, scopes)
			if err != nil {
				t.Fatal(err)
			}
			code := newBrowser(t, tenant.user("owner")).signIn(authorize, redirect).Get("code")
			signedIn, err := client.AcquireTokenByAuthCode(ctx, code, redirect, scopes)
			if err != nil {
				t.Fatal(err)
			}
			account := confidential.WithSilentAccount(signedIn.Account)
			again, err := client.AcquireTokenSilent(ctx, scopes, account)
			if err != nil || again.AccessToken != signedIn.AccessToken {
				t.Fatalf("not from the cache: %v", err)
			}
			tenant.raise("password_change", nil)
			refreshed, err := client.AcquireTokenSilent(ctx, scopes, account, confidential.WithClaimsFromClient(anyClaim))
			if err != nil || refreshed.AccessToken == signedIn.AccessToken {
				t.Fatalf("not refreshed after the password change: %v", err)
			}
			tenant.raise("revoke_sessions", map[string]any{"by": "admin"})
			_, err = client.AcquireTokenSilent(ctx, scopes, account, confidential.WithClaimsFromClient(otherClaim))
			expectRefused(t, err, "invalid_grant", "AADSTS50173")
		})
	}
}

func TestDaemonGetsATokenAndFindsItInTheCache(t *testing.T) {
	ctx, tenant := context.Background(), newTenant(t)
	client := withSecret(tenant, daemonName, tenant.application(daemonName).Secret)
	scopes := []string{ordersAll}
	first, err := client.AcquireTokenByCredential(ctx, scopes)
	if err != nil {
		t.Fatal(err)
	}
	again, err := client.AcquireTokenByCredential(ctx, scopes)
	if err != nil || again.AccessToken != first.AccessToken {
		t.Fatalf("not from the cache: %v", err)
	}
	_, err = withSecret(tenant, daemonName, "not the secret").AcquireTokenByCredential(ctx, scopes)
	expectRefused(t, err, "invalid_client", "AADSTS7000215")
}

func TestNameAndPassword(t *testing.T) {
	ctx, tenant := context.Background(), newTenant(t)
	registered := application{}
	for _, found := range tenant.Applications {
		if found.Name == "Shop Desktop" {
			registered = found
		}
	}
	client, err := public.New(registered.ClientID,
		public.WithAuthority(tenant.authority()), public.WithInstanceDiscovery(false))
	if err != nil {
		t.Fatal(err)
	}
	owner := tenant.user("owner")
	signedIn, err := client.AcquireTokenByUsernamePassword(ctx, []string{ordersAll}, owner.UPN, owner.Password)
	if err != nil {
		t.Fatal(err)
	}
	again, err := client.AcquireTokenSilent(ctx, []string{ordersAll}, public.WithSilentAccount(signedIn.Account))
	if err != nil || again.AccessToken != signedIn.AccessToken {
		t.Fatalf("not from the cache: %v", err)
	}
}

func expectRefused(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Fatalf("no %s in: %v", word, err)
		}
	}
}
