package kafkastore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/goldrec/gold/internal/await"
	"github.com/goldrec/gold/store"
)

const (
	// keepEntries is how many entries go into the view at a time.
	keepEntries = 4096
	// keepFor is how long the right to keep the view up lasts when its holder is gone, and noteEvery how often the holder
	// notes down how far it has come, and the others look.
	keepFor   = 10 * time.Second
	noteEvery = time.Second
	// stuckMax is for how many of those a partition of the view waits at a trim that others have not.
	stuckMax = 30
)

// The view has the interactions of the log, each with an ID that begins with its position, so that one that is put there
// again counts once. An ID that is too long for that is read from the topic when somebody asks.
const (
	keyLen    = 10 // of seven bits
	keyWhole  = '='
	keyLacks  = '~' // the ID itself
	idPartMax = store.IDMax - keyLen - 1
)

func toView(e *store.Entry) store.Entry {
	v := *e
	v.Partition, v.Position = 0, 0
	key := make([]byte, 0, store.IDMax)
	for shift := 7 * (keyLen - 1); shift >= 0; shift -= 7 {
		key = append(key, byte(e.Position>>shift)&0x7f)
	}
	if id := e.Interaction.ID; len(id) <= idPartMax {
		key = append(append(key, keyWhole), id...)
	} else {
		key = append(key, keyLacks)
	}
	v.Interaction.ID = string(key)
	return v
}

// fromView is the inverse; whole is false when the ID is to be read from the topic.
func fromView(v store.Entry, partition int) (e store.Entry, whole bool, err error) {
	key := v.Interaction.ID
	if len(key) <= keyLen || key[keyLen] != keyWhole && key[keyLen] != keyLacks {
		return e, false, fmt.Errorf("%w: the view has entries that are not of this log", ErrFormat)
	}
	e = v
	e.Partition, e.Position = partition, 0
	for i := range keyLen {
		e.Position = e.Position<<7 | store.Position(key[i])
	}
	e.Interaction.ID = key[keyLen+1:]
	return e, key[keyLen] == keyWhole, nil
}

// noteName is the model of the view that says how far it has come in the topic.
func (s *Store) noteName() string { return fmt.Sprintf("kafkastore %x", s.topicID[:]) }

// openView reads how far the view has come. One that has not begun with this topic must be empty.
func (s *Store) openView(ctx context.Context) error {
	err := s.readNote(ctx)
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	end, err := s.view.End(ctx)
	if err != nil {
		return err
	}
	if !end.IsZero() {
		return fmt.Errorf("%w: the view has a log already, which is not that of this topic", ErrFormat)
	}
	return s.writeNote(ctx)
}

func (s *Store) readNote(ctx context.Context) error {
	r, _, err := s.view.OpenModel(ctx, s.noteName(), 0)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(r)
	if err = errors.Join(err, r.Close()); err != nil {
		return err
	}
	var place store.Place
	if err := place.UnmarshalText(text); err != nil {
		return fmt.Errorf("%w: what the view says of this topic: %w", ErrFormat, err)
	}
	for _, p := range s.parts {
		p.mu.Lock()
		p.applied = max(p.applied, place.At(p.number))
		p.mu.Unlock()
	}
	return nil
}

func (s *Store) writeNote(ctx context.Context) error {
	place := s.place(func(p *partition) store.Position { return p.applied })
	version, err := s.view.PutModel(ctx, s.noteName(), strings.NewReader(place.String()))
	if err != nil || version < 3 {
		return err
	}
	return s.view.DeleteModel(ctx, s.noteName(), version-2) // somebody may be reading the one before
}

// keep brings the view up to what has been read, as long as this process has the lease for it; otherwise it looks how far
// another has brought it. What fails is tried again.
func (s *Store) keep(ctx context.Context) {
	k := keeper{s: s}
	tick := time.NewTicker(noteEvery)
	defer tick.Stop()
	due := true
	for ctx.Err() == nil {
		changed := s.news.Changed()
		err := k.step(ctx, due)
		due = false
		if err != nil && ctx.Err() == nil {
			s.opts.Logger.LogAttrs(ctx, slog.LevelWarn, "the view is not kept up", slog.Any("error", err))
			await.Sleep(ctx, jittered(200*time.Millisecond))
			continue
		}
		select {
		case <-changed:
		case <-tick.C:
			due = true
		case <-ctx.Done():
		}
	}
	k.end(context.WithoutCancel(ctx))
}

// keeper keeps the view up.
type keeper struct {
	s     *Store
	lease store.Lease // zero while another has it
	dirty bool        // the note is older than the view
	stuck int         // how often it was due while some partitions had come to a trim and others had not
}

// step does what there is to do; due says that it is time for the lease and the note.
func (k *keeper) step(ctx context.Context, due bool) (err error) {
	s := k.s
	if due {
		if err := k.hold(ctx); err != nil {
			return err
		}
	}
	if k.lease.Token == 0 {
		if due {
			err = s.readNote(ctx)
			s.news.Wake()
		}
	} else {
		if due && k.stuck > 0 {
			k.stuck++
		}
		err = k.apply(ctx)
		if due && err == nil && k.dirty {
			err, k.dirty = s.writeNote(ctx), false
		}
	}
	for _, p := range s.parts {
		p.shrink(s.opts.Tail / len(s.parts))
	}
	return err
}

// hold acquires the lease or renews it.
func (k *keeper) hold(ctx context.Context) (err error) {
	if k.lease.Token != 0 {
		k.lease, err = k.s.view.Renew(ctx, k.lease, keepFor)
	}
	if k.lease.Token == 0 || errors.Is(err, store.ErrHeld) {
		k.lease, err = k.s.view.Acquire(ctx, k.s.noteName(), keepFor)
		if err == nil {
			err = k.s.readNote(ctx) // of who had it before
		}
	}
	if err != nil {
		k.lease = store.Lease{}
	}
	if errors.Is(err, store.ErrHeld) {
		return nil
	}
	return err
}

// end lets another go on at once.
func (k *keeper) end(ctx context.Context) {
	if k.lease.Token == 0 {
		return
	}
	within, cancel := context.WithTimeout(ctx, k.s.opts.Timeout)
	defer cancel()
	if k.dirty {
		_ = k.s.writeNote(within) // without it a few entries are put again
	}
	_ = k.s.view.Release(within, k.lease)
}

// apply puts into the view what it lacks. A partition stops at a trim until all have come to one, for the view can be trimmed only as a
// whole: an entry that is appended after a trim stays, however old it is.
func (k *keeper) apply(ctx context.Context) error {
	stopped, before := 0, int64(0)
	for _, p := range k.s.parts {
		for {
			n, err := k.applyTo(ctx, p)
			if err != nil {
				return err
			}
			if n == 0 {
				break
			}
			k.dirty = true
		}
		if t := p.nextTrim(); t != nil {
			if stopped++; stopped == 1 || t.before < before {
				before = t.before
			}
		}
	}
	if stopped == 0 {
		k.stuck = 0
		return nil
	}
	k.stuck = max(k.stuck, 1)
	if stopped == len(k.s.parts) {
		if err := k.s.view.Trim(ctx, time.UnixMicro(before)); err != nil {
			return err
		}
	} else if k.stuck <= stuckMax && !k.s.full() {
		return nil // unless whoever trimmed has failed before the others had it, or theirs cannot be read before this goes on
	}
	for _, p := range k.s.parts {
		p.passTrim()
	}
	k.dirty, k.stuck = true, 0
	k.s.news.Wake()
	return nil
}

// applyTo puts the next entries of a partition into the view, and returns how many it has passed.
func (k *keeper) applyTo(ctx context.Context, p *partition) (int, error) {
	batch, user, n, to := p.toApply()
	if len(batch) > 0 {
		if err := k.s.view.Append(ctx, batch); err != nil {
			return 0, err
		}
	}
	if user != "" {
		if err := k.s.view.Forget(ctx, user); err != nil {
			return 0, err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.applied = max(p.applied, to)
	return n, nil
}

// toApply is what comes next in the view: living interactions, up to a Forgotten entry, whose user is named, or to a trim.
func (p *partition) toApply() (batch []store.Entry, forgotten string, n int, to store.Position) {
	p.mu.Lock()
	defer p.mu.Unlock()
	to = p.applied
	for _, node := range p.tail[p.index(p.applied):] {
		if node.trim != nil || n == keepEntries {
			break
		}
		e := &node.entry
		to, n = e.Position, n+1
		if e.Fact == store.Forgotten {
			return batch, e.Interaction.User, n, to
		}
		if e.Fact == store.Interacted && p.lives(e.Interaction.User, identify(e)) {
			batch = append(batch, toView(e))
		}
	}
	return batch, "", n, to
}

// nextTrim is the trim that the view has come to, nil when it has not.
func (p *partition) nextTrim() *trim {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := p.index(p.applied); i < len(p.tail) {
		return p.tail[i].trim
	}
	return nil
}

func (p *partition) passTrim() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := p.index(p.applied); i < len(p.tail) && p.tail[i].trim != nil {
		p.applied = p.tail[i].trim.at
	}
}
