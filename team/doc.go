// Package team is the pages where people see who belongs to the team, and what
// lets themselves and their programs in: invitations, roles, tokens, sessions.
// What may be done by whom is package desk's; this only asks, and shows.
//
// It works without JavaScript. What is secret (a token, the code of an
// invitation) is shown in the answer to the form that made it, once, and in no
// page that can be asked for again.
package team
