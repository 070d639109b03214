package server

import (
	"context"
	"errors"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/api"
)

// team is what is asked about who may come in. What makes a secret is not here:
// an answer of this API is remembered for a day, and lies in the logs of
// whatever is in between.
func (s *Server) team() {
	get(s, "list-people", "/api/v1/people", "Who belongs to the team", func(ctx context.Context, _ *struct{}) (*api.Page[api.Person], error) {
		if s.cfg.Team == nil {
			return nil, errNoTeam
		}
		all, err := s.cfg.Team.People(ctx, subject(ctx))
		return &api.Page[api.Person]{Items: all}, err
	})
	get(s, "list-tokens", "/api/v1/tokens", "Tokens, the newest first: one's own, and everybody's for who may see the settings", func(ctx context.Context, _ *struct{}) (*api.Page[api.Token], error) {
		if s.cfg.Team == nil {
			return nil, errNoTeam
		}
		all, err := s.cfg.Team.Tokens(ctx, subject(ctx))
		return &api.Page[api.Token]{Items: all}, err
	})
	post(s, "revoke-token", "/api/v1/tokens/{id}/revoke", "End a token: one's own, or anybody's for who looks after people", func(ctx context.Context, in *tokenID) (*api.Token, error) {
		if s.cfg.Team == nil {
			return nil, errNoTeam
		}
		return point(s.cfg.Team.RevokeToken(ctx, subject(ctx), in.ID))
	})
}

var errNoTeam = &pawl.Error{Op: "api", Kind: pawl.NotFound, Err: errors.New("this server has no team")}

type tokenID struct {
	ID string `path:"id" maxLength:"40" doc:"Its id, or its name if one good token is called so."`
}
