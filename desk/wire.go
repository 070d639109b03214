package desk

import (
	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/engine"
)

// What the engine found, as it crosses the wire. No value is in any of it.

func generation(g pawl.Generation) api.Generation {
	return api.Generation{ID: g.ID, Label: g.Label, Created: g.Created, Expires: g.Expires}
}

func reported(r engine.Report) api.Report {
	out := api.Report{Old: generation(r.Old), Dead: r.Dead, Places: []api.Found{}, Findings: r.Findings}
	for _, f := range r.Places {
		out.Places = append(out.Places, api.Found{ID: f.ID, Where: f.Where, Holds: f.Holds, Readable: f.Readable, Detail: f.Detail, Problem: api.FaultOf(f.Problem)})
	}
	for _, err := range r.Problems {
		out.Problems = append(out.Problems, api.FaultOf(err))
	}
	return out
}

func sightings(r engine.Report, all []engine.Seen) api.Sightings {
	out := api.Sightings{Report: reported(r), Seen: []api.Sighting{}}
	for _, s := range all {
		out.Seen = append(out.Seen, api.Sighting{ID: s.ID, Where: s.Where, Proved: s.Proved, Class: s.Class, Holds: s.Holds, Silent: s.Silent, Detail: s.Detail,
			Fault: api.FaultOf(s.Err), Readable: s.Readable, Digest: s.Digest, At: s.At})
	}
	return out
}

func searched(d engine.Discovery) api.Search {
	out := api.Search{Copies: []api.Copy{}, Searched: append([]pawl.Searched{}, d.Searched...), Open: append([]pawl.Stray{}, d.Open...), Sides: d.Sides}
	for _, c := range d.Copies {
		out.Copies = append(out.Copies, api.Copy{Connection: c.Connection, Side: c.Side, Where: c.Where, How: c.How, Value: c.Value, Changed: c.Changed,
			Listed: c.Listed, Kind: c.Kind, Settings: c.Settings, ID: c.ID})
	}
	return out
}

func leftovers(r engine.Report, all []engine.Stray) api.Leftovers {
	out := api.Leftovers{Report: reported(r), Items: []api.Leftover{}}
	for _, s := range all {
		out.Items = append(out.Items, api.Leftover{Generation: generation(s.Generation), Ours: s.Ours, Caller: s.Caller})
	}
	return out
}

func remainder(r engine.Remainder) api.Remainder {
	out := api.Remainder{Generations: []api.Left{}, Places: []api.Kept{}, Only: append([]string{}, r.Only...)}
	for _, g := range r.Generations {
		out.Generations = append(out.Generations, api.Left(g))
	}
	for _, p := range r.Places {
		out.Places = append(out.Places, api.Kept(p))
	}
	return out
}
