package clients

import (
	"context"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

func options() azcore.ClientOptions {
	return azcore.ClientOptions{
		Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: idp},
		Retry: policy.RetryOptions{MaxRetries: -1},
	}
}

func scoped(scope string) policy.TokenRequestOptions {
	return policy.TokenRequestOptions{Scopes: []string{scope}}
}

func TestClientSecretCredential(t *testing.T) {
	ctx, tenant := context.Background(), newTenant(t)
	registered := tenant.application(daemonName)
	credential := func(secret string) *azidentity.ClientSecretCredential {
		created, err := azidentity.NewClientSecretCredential(tenant.ID, registered.ClientID, secret,
			&azidentity.ClientSecretCredentialOptions{ClientOptions: options(), DisableInstanceDiscovery: true})
		if err != nil {
			t.Fatal(err)
		}
		return created
	}
	daemon := credential(registered.Secret)
	first, err := daemon.GetToken(ctx, scoped(ordersAll))
	if err != nil {
		t.Fatal(err)
	}
	again, err := daemon.GetToken(ctx, scoped(ordersAll))
	if err != nil || again.Token != first.Token {
		t.Fatalf("not from the cache: %v", err)
	}
	// The services that infrastructure tools start with exist in every tenant.
	for _, scope := range []string{
		"https://management.azure.com/.default", "https://management.core.windows.net//.default",
		"https://vault.azure.net/.default", "https://storage.azure.com/.default", graphAll,
	} {
		if _, err := daemon.GetToken(ctx, scoped(scope)); err != nil {
			t.Errorf("%s: %v", scope, err)
		}
	}
	_, err = credential("not the secret").GetToken(ctx, scoped(ordersAll))
	expectRefused(t, err, "AADSTS7000215")
}

func TestDeviceCodeCredential(t *testing.T) {
	for _, scope := range []string{ordersAll, ordersRead, graphAll, "User.Read"} {
		t.Run(scope, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			tenant := newTenant(t)
			owner := newBrowser(t, tenant.user("owner"))
			prompts := 0
			credential, err := azidentity.NewDeviceCodeCredential(&azidentity.DeviceCodeCredentialOptions{
				ClientOptions: options(), DisableInstanceDiscovery: true,
				TenantID: tenant.ID, ClientID: tenant.application(desktopName).ClientID,
				UserPrompt: func(_ context.Context, message azidentity.DeviceCodeMessage) error {
					prompts++
					owner.approve(message.VerificationURL, message.UserCode)
					// The device polls by the wall time; the tenant's clock is stopped.
					tenant.advance("PT1M")
					return nil
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			first, err := credential.GetToken(ctx, scoped(scope))
			if err != nil {
				t.Fatal(err)
			}
			tenant.raise("password_change", nil)
			again, err := credential.GetToken(ctx, scoped(scope))
			if err != nil || again.Token != first.Token || prompts != 1 {
				t.Fatalf("not from the cache after %d prompts: %v", prompts, err)
			}
		})
	}
}
