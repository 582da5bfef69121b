// Package store holds what gold must not forget: interactions, profiles, cached pages and models.
//
// The interfaces are small so that each can live in the engine that suits it; a [Store] is all four together, and
// [Combined] makes one from parts. [Memory] keeps everything in the process. The module store/pebblestore keeps it on
// disk, durable when a call returns. Package store/storetest is the suite that every store passes.
//
//	st := store.NewMemory(store.MemoryOptions{})
//	last, err := st.Append(ctx, []store.Interaction{{User: "ann", Item: "tea", Kind: store.View, Time: now}})
//	for entry, err := range st.Scan(ctx, 0) { … }
//
// # Caveats
//
// A log is ordered by arrival, not by Interaction.Time: a clock that goes backwards changes no order here. A store
// does not know items or users beyond their identifiers and accepts any.
package store

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"
)

var (
	// ErrNotFound says that there is no such profile, page, model or version.
	ErrNotFound = errors.New("store: not found")
	// ErrConflict says that a profile was written with a version that is not the stored one.
	ErrConflict = errors.New("store: version conflict")
	// ErrInvalid says that a value cannot be stored as it is; the wrapping error says which field and why.
	ErrInvalid = errors.New("store: invalid")
	// ErrClosed says that the store was closed before the call.
	ErrClosed = errors.New("store: closed")
)

// Position is a place in an interaction log: it grows with every entry, with gaps allowed. Zero is before the first.
type Position uint64

// Entry is an interaction and the place where the log holds it.
type Entry struct {
	Position    Position
	Interaction Interaction
}

// Log is the append-only record of what people did. Implementations are safe for concurrent use.
type Log interface {
	// Append adds a batch in the order given and returns the position of its last entry. All of it is stored when
	// Append returns nil, as durably as the store promises, and none of it when any interaction is invalid or there
	// are more than BatchMax (ErrInvalid). After another error all of it is stored or none. An empty batch does
	// nothing and returns the current end, the largest position ever given out. Entries appear to Scan in position
	// order: when one has shown position p, no smaller one is added later.
	Append(ctx context.Context, batch []Interaction) (Position, error)

	// History returns up to limit of the user's interactions, the last appended first. An unknown user or a limit
	// of zero or less has none; that is not an error. The caller owns the slice.
	History(ctx context.Context, user string, limit int) ([]Interaction, error)

	// Scan yields the entries after since in position order, up to the last one appended when it begins to run; a
	// later scan since the last position seen continues without a gap. It holds up no append, the caller may call
	// any method of the store within the loop, and it may be run again. An error ends it and comes last.
	Scan(ctx context.Context, since Position) iter.Seq2[Entry, error]

	// Forget removes all of the user's interactions from History and Scan, also from scans under way, before it
	// returns, durably when the store is durable. An interaction appended meanwhile stays or goes; one appended
	// afterwards stays. Forgetting an unknown user does nothing. Positions of others do not change, and none is
	// given out twice.
	Forget(ctx context.Context, user string) error
}

// Profiles keeps one profile a user, guarded by optimistic locking. Implementations are safe for concurrent use.
type Profiles interface {
	// Profile returns the user's profile, or ErrNotFound. The caller owns what it returns.
	Profile(ctx context.Context, user string) (Profile, error)

	// PutProfile stores p if p.Version is the stored version (0 when there is none) and returns it as stored, with
	// its new version, one higher. Any other version is ErrConflict and changes nothing. Of concurrent writers with
	// the same version exactly one succeeds. A profile that does not pass Validate is ErrInvalid.
	PutProfile(ctx context.Context, p Profile) (Profile, error)

	// DeleteProfile removes the user's profile; without one it does nothing. A profile stored later starts at
	// version 1 again.
	DeleteProfile(ctx context.Context, user string) error

	// Segment yields the users whose stored profile names the segment, in byte order of their identifiers. Of a
	// profile that is written meanwhile it may see the state before or after. It may be run again.
	Segment(ctx context.Context, segment string) iter.Seq2[string, error]
}

// Pages is a cache of rendered pages: it may lose any of them at any time. A page belongs to a user, or to everybody
// when user is empty. Implementations are safe for concurrent use and bounded in memory.
type Pages interface {
	// Page returns the bytes put under user and key while they live, else ErrNotFound. The caller owns them. A page
	// lives for less than its ttl; when the clock goes back to before it was put, it is dead too.
	Page(ctx context.Context, user, key string) ([]byte, error)

	// PutPage keeps the page for ttl, replacing what was there. A ttl of zero or less is ErrInvalid, and so is a
	// user or key longer than IDMax. A page too large for the cache is not kept, which is no error.
	PutPage(ctx context.Context, user, key string, page []byte, ttl time.Duration) error

	// DropPages drops every page of the user before it returns.
	DropPages(ctx context.Context, user string) error
}

// Models keeps model files by name and version. Implementations are safe for concurrent use.
type Models interface {
	// PutModel stores all of r as the next version of name, from 1 upwards, and returns that version. When r fails,
	// ctx is over or the store fails, no version appears; the error wraps the reader's. A name that is empty or
	// longer than IDMax is ErrInvalid. Other calls go on while r is read.
	PutModel(ctx context.Context, name string, r io.Reader) (version uint64, err error)

	// OpenModel opens a version of the model, the newest when version is 0, and says which it is. A missing one is
	// ErrNotFound. The caller closes it. A version that is deleted while it is read may end in ErrNotFound, and
	// never in a clean end before its own.
	OpenModel(ctx context.Context, name string, version uint64) (io.ReadCloser, uint64, error)

	// ModelVersions returns the stored versions, the oldest first; none for an unknown name.
	ModelVersions(ctx context.Context, name string) ([]uint64, error)

	// DeleteModel removes a version; without it, it does nothing. The number is not used again.
	DeleteModel(ctx context.Context, name string, version uint64) error
}

// Store is everything the engine keeps. Close waits for the calls under way; those that read from the caller or give
// to it (a scan, a segment, a model put or opened) go on to end with ErrClosed instead. After Close every other method
// returns ErrClosed, and Close does nothing.
type Store interface {
	Log
	Profiles
	Pages
	Models
	io.Closer
}

// Combined is a Store made of parts that live in different engines.
type Combined struct {
	Log
	Profiles
	Pages
	Models
	io.Closer
}
