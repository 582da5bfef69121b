package recommend

import (
	"context"
	"fmt"

	"github.com/goldrec/gold/store"
)

// PutProfile stores what a user has stated, under the rules of store.Profiles.PutProfile, and makes it felt: the next
// page of the user, here and on every engine that follows the log, is made by it. It returns the profile as stored.
func (e *Engine) PutProfile(ctx context.Context, p store.Profile) (store.Profile, error) {
	if err := e.life.begin(); err != nil {
		return store.Profile{}, err
	}
	defer e.life.done()
	stored, err := e.store.PutProfile(ctx, p)
	if err != nil {
		return store.Profile{}, fmt.Errorf("recommend: put profile: %w", err)
	}
	return stored, e.profileChanged(ctx, p.User)
}

func (e *Engine) profileChanged(ctx context.Context, user string) error {
	return e.append(ctx, []store.Entry{{
		Fact: store.ProfileChanged, Interaction: store.Interaction{User: user, Time: e.now()},
	}})
}

// Profile returns what a user has stated, or store.ErrNotFound.
func (e *Engine) Profile(ctx context.Context, user string) (store.Profile, error) {
	if e.life.over() {
		return store.Profile{}, ErrClosed
	}
	return e.store.Profile(ctx, user)
}
