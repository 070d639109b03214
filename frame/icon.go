package frame

import "html/template"

// icons are drawn here, on a grid of 16: a font of signs looks different
// everywhere, and a sprite is another request.
var icons = map[string]string{
	"ok":       `<path d="M3 8.5l3.2 3.2L13 4.8"/>`,
	"cross":    `<path d="M4 4l8 8M12 4l-8 8"/>`,
	"alert":    `<path d="M8 2.2L14.4 13.4H1.6z"/><path d="M8 6.4v3.4M8 11.6v.2"/>`,
	"clock":    `<circle cx="8" cy="8" r="5.8"/><path d="M8 4.8V8l2.3 1.6"/>`,
	"run":      `<circle cx="8" cy="8" r="5.8"/><circle cx="8" cy="8" r="2.2" class="dot"/>`,
	"hand":     `<circle cx="8" cy="5.2" r="2.6"/><path d="M2.8 13.6c.6-2.8 2.6-4.2 5.2-4.2s4.600 1.400 5.200 4.200"/>`,
	"none":     `<circle cx="8" cy="8" r="5.8" stroke-dasharray="2.4 2.2"/>`,
	"half":     `<circle cx="8" cy="8" r="5.800"/><path class="dot" d="M8 2.200a5.800 5.800 0 0 0 0 11.600z"/>`,
	"old":      `<circle cx="8" cy="8" r="3.4"/>`,
	"new":      `<circle cx="8" cy="8" r="3.400" class="dot"/>`,
	"back":     `<path d="M6 3.400L2.600 6.800 6 10.200"/><path d="M2.600 6.800h6.600a4.200 4.200 0 0 1 0 6H7"/>`,
	"now":      `<path d="M1.600 8h3l2-5 3 10 2-5h2.800"/>`,
	"key":      `<circle cx="5.200" cy="10.800" r="3"/><path d="M7.400 8.600L13.600 2.400M11 5l2 2"/>`,
	"calendar": `<rect x="2.200" y="3.400" width="11.600" height="10.400" rx="1.400"/><path d="M2.200 6.800h11.600M5.400 1.800v3M10.600 1.800v3"/>`,
	"approve":  `<path d="M8 1.800l5 2v4c0 3.200-2.200 5.400-5 6.400-2.800-1-5-3.200-5-6.400v-4z"/><path d="M5.600 8l1.800 1.800 3-3.400"/>`,
	"places":   `<rect x="2" y="2.400" width="5" height="5" rx="1"/><rect x="9" y="2.400" width="5" height="5" rx="1"/><rect x="2" y="9" width="5" height="5" rx="1"/><rect x="9" y="9" width="5" height="5" rx="1"/>`,
	"plug":     `<path d="M5.600 1.800v3.400M10.400 1.800v3.400M3.600 5.200h8.800v2.400a4.400 4.400 0 0 1-8.800 0zM8 12v2.400"/>`,
	"log":      `<path d="M4 2.200h8v11.600H4z"/><path d="M6 5.400h4M6 8h4M6 10.600h2.400"/>`,
	"settings": `<path d="M2 4.600h7M12 4.600h2M2 11.400h2M7 11.400h7"/><circle cx="10.400" cy="4.600" r="1.600"/><circle cx="5.600" cy="11.400" r="1.600"/>`,
	"lock":     `<rect x="3.400" y="7" width="9.200" height="6.800" rx="1.400"/><path d="M5.400 7V5a2.600 2.600 0 0 1 5.200 0v2"/>`,
	"pause":    `<path d="M5.400 3.400v9.200M10.600 3.400v9.200"/>`,
	"arrow":    `<path d="M3 8h9.600M9 4.400L12.600 8 9 11.600"/>`,
	"left":     `<path d="M13 8H3.400M7 4.400L3.400 8 7 11.600"/>`,
	"eye":      `<path d="M1.600 8c1.600-2.800 3.800-4.200 6.400-4.200s4.800 1.400 6.400 4.200c-1.600 2.800-3.800 4.200-6.400 4.200S3.200 10.800 1.600 8z"/><circle cx="8" cy="8" r="1.800"/>`,
	"menu":     `<path d="M2.400 4.400h11.200M2.400 8h11.200M2.400 11.600h11.200"/>`,
	"dead":     `<circle cx="8" cy="8" r="5.800"/><path d="M3.900 12.100l8.200-8.200"/>`,
	"out":      `<path d="M9.600 3H3v10h6.600M6.600 8h7.200M11.200 5.400L13.800 8l-2.600 2.600"/>`,
}

// Icon is decoration: the word beside it says the same.
func Icon(name string) template.HTML {
	return template.HTML(`<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">` + icons[name] + `</svg>`)
}
