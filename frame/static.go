package frame

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"mime"
	"net/http"
	"path"
)

// What browsers load. The three files of htmx are as its authors published
// them; a test holds them to their digests.
//
//go:embed static
var files embed.FS

// Static serves, at /static/{name}, what pages load. A page names a file with its
// digest, so that it may be kept for ever.
func Static() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("name")
		text, err := files.ReadFile("static/" + name)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
		if r.URL.Query().Get("v") == digest(text) {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		w.Write(text)
	})
}

// asset is the address of a file in static.
func asset(name string) string {
	text, err := files.ReadFile("static/" + name)
	if err != nil {
		panic("pawl: frame: " + err.Error()) // named by a template, and embedded with it
	}
	return "/static/" + name + "?v=" + digest(text)
}

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:6])
}
