package kafkastore

import (
	"context"
	"errors"
	"fmt"

	"github.com/goldrec/gold/store"
)

// History implements store.Histories. Entries that the view may not have yet are in memory; whatever it has beyond what lives is left out.
func (s *Store) History(ctx context.Context, user string, limit int) ([]store.Entry, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.leave()
	if user == "" || limit <= 0 || store.ValidateID("user", user) != nil {
		return nil, nil
	}
	history, err := s.history(ctx, s.parts[store.PartitionOf(user, len(s.parts))], user, limit)
	if err != nil {
		return nil, fmt.Errorf("kafkastore: history: %w", err)
	}
	return history, nil
}

func (s *Store) history(ctx context.Context, p *partition, user string, limit int) ([]store.Entry, error) {
	if err := s.bounded(ctx, func(ctx context.Context) error { return s.reach(ctx, p, 0) }); err != nil {
		return nil, err
	}
	for {
		list, looked, until := p.history(user, limit)
		if len(list) == limit || until == 0 {
			return list, nil
		}
		older, err := s.viewed(ctx, p, user, until, limit-len(list), looked)
		if err != nil {
			return nil, err
		}
		list = append(list, older...)
		if !p.forgotAny(list) {
			return list, nil
		}
	}
}

// forgotAny reports whether some of these entries have gone since they were read.
func (p *partition) forgotAny(list []store.Entry) bool {
	for i := range list {
		if !p.shows(&list[i]) {
			return true
		}
	}
	return false
}

// viewed returns up to limit of the user's living interactions that the view has up to a position, the newest first. It asks for as many more as the tail
// has, and for twice as many when what is gone is among them.
func (s *Store) viewed(ctx context.Context, p *partition, user string, until store.Position, limit, more int) ([]store.Entry, error) {
	const most = 1 << 40
	for ask := min(limit, most) + more; ; ask *= 2 {
		found, err := s.view.History(ctx, user, ask)
		if err != nil {
			return nil, err
		}
		list := make([]store.Entry, 0, min(limit, len(found)))
		for i := 0; i < len(found) && len(list) < limit; i++ {
			e, whole, err := fromView(found[i], p.number)
			if err != nil {
				return nil, err
			}
			if e.Position > until || !p.shows(&e) {
				continue
			}
			if !whole {
				if err := s.readID(ctx, p, &e); err != nil {
					return nil, err
				}
			}
			list = append(list, e)
		}
		if len(list) == limit || len(found) < ask {
			return list, nil
		}
	}
}

// readID completes an entry whose ID the view has no room for.
func (s *Store) readID(ctx context.Context, p *partition, e *store.Entry) error {
	err := s.scan(ctx, p, e.Position-1, e.Position, func(found store.Entry) bool {
		e.Interaction.ID = found.Interaction.ID
		return false
	})
	if errors.Is(err, errStopped) {
		return nil
	}
	return err
}

// Forget implements store.Histories. It appends the Forgotten entry, and what lies before it of the user is gone for
// every reader who has come there. The bytes stay in the topic until Trim has passed them.
func (s *Store) Forget(ctx context.Context, user string) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	if user == "" || store.ValidateID("user", user) != nil {
		return nil
	}
	n := store.PartitionOf(user, len(s.parts))
	if err := s.write(map[int][]byte{n: forgottenRecord(user, s.opts.Now())}); err != nil {
		return fmt.Errorf("kafkastore: forget: %w", err)
	}
	return nil
}
