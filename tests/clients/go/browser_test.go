package clients

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

const stepsMax = 12

// browser is a browser without JavaScript: it fills in the forms of the real pages, as a user would.
type browser struct {
	t      *testing.T
	user   user
	client *http.Client
}

func newBrowser(t *testing.T, user user) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	noRedirects := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &browser{t, user, &http.Client{Jar: jar, CheckRedirect: noRedirects}}
}

// signIn returns the parameters with which the issuer redirects to the application.
func (b *browser) signIn(authorizeURL, redirectURI string) url.Values {
	b.t.Helper()
	next := authorizeURL
	response := b.get(next)
	for range stepsMax {
		if location := response.Header.Get("location"); location != "" {
			next = resolve(b.t, next, location)
			if strings.HasPrefix(next, redirectURI) {
				parsed, _ := url.Parse(next)
				return parsed.Query()
			}
			response = b.get(next)
			continue
		}
		response, next = b.submit(response, next, "")
	}
	b.t.Fatal("the issuer's pages do not come to an end")
	return nil
}

// approve enters the code of a device, signs in and approves the device.
func (b *browser) approve(page, code string) {
	b.t.Helper()
	next := page
	response := b.get(next)
	for range stepsMax {
		if location := response.Header.Get("location"); location != "" {
			next = resolve(b.t, next, location)
			response = b.get(next)
			continue
		}
		document := parse(b.t, response)
		if find(document, "form") == nil {
			return
		}
		response, next = b.fill(document, next, code)
	}
	b.t.Fatal("the issuer's pages do not come to an end")
}

func (b *browser) submit(response *http.Response, at, code string) (*http.Response, string) {
	b.t.Helper()
	return b.fill(parse(b.t, response), at, code)
}

// fill fills in the first form of a page and presses its first button.
func (b *browser) fill(document *html.Node, at, code string) (*http.Response, string) {
	b.t.Helper()
	form := find(document, "form")
	if form == nil {
		b.t.Fatalf("%s shows no form: %s", at, text(document))
	}
	typed := map[string]string{"loginfmt": b.user.UPN, "passwd": b.user.Password, "otc": code}
	fields := url.Values{}
	for _, input := range all(form, "input") {
		if name := attribute(input, "name"); name != "" && attribute(input, "type") != "checkbox" {
			fields.Set(name, attribute(input, "value"))
			if value, known := typed[name]; known {
				fields.Set(name, value)
			}
		}
	}
	if button := find(form, "button"); button != nil && attribute(button, "name") != "" {
		fields.Set(attribute(button, "name"), attribute(button, "value"))
	}
	target := resolve(b.t, at, attribute(form, "action"))
	response, err := b.client.PostForm(target, fields)
	if err != nil {
		b.t.Fatal(err)
	}
	return response, target
}

func (b *browser) get(address string) *http.Response {
	b.t.Helper()
	response, err := b.client.Get(address)
	if err != nil {
		b.t.Fatal(err)
	}
	return response
}

func parse(t *testing.T, response *http.Response) *html.Node {
	t.Helper()
	defer response.Body.Close()
	document, err := html.Parse(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func all(node *html.Node, name string) []*html.Node {
	var found []*html.Node
	for child := range node.Descendants() {
		if child.Type == html.ElementNode && child.Data == name {
			found = append(found, child)
		}
	}
	return found
}

func find(node *html.Node, name string) *html.Node {
	if found := all(node, name); len(found) > 0 {
		return found[0]
	}
	return nil
}

func text(node *html.Node) string {
	var all strings.Builder
	for child := range node.Descendants() {
		if child.Type == html.TextNode {
			all.WriteString(child.Data)
		}
	}
	return all.String()
}

func attribute(node *html.Node, name string) string {
	for _, found := range node.Attr {
		if found.Key == name {
			return found.Val
		}
	}
	return ""
}

func resolve(t *testing.T, base, reference string) string {
	t.Helper()
	from, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	resolved, err := from.Parse(reference)
	if err != nil {
		t.Fatal(err)
	}
	return resolved.String()
}
