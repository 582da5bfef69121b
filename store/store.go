// Package store holds what gold must not forget: what happened, profiles and models, and who does which work.
//
// The interfaces are small so that each can live in the engine that suits it; a [Store] is all of them together, and
// [Combined] makes one from parts. A [Cache], which may forget, is apart. [Memory] keeps everything in the process. The module store/pebblestore keeps it on
// disk, durable when a call returns. Package store/storetest is the suite that every store passes.
//
// The log is a list of facts ([Fact]): that somebody did something, was exposed to a variant, was forgotten, that a
// profile changed, that a model was published. Whoever applies all its entries, once each, knows what everybody else
// knows who did; [Place] says how far one has come.
//
//	st := store.NewMemory(store.MemoryOptions{})
//	batch := []store.Entry{{Interaction: store.Interaction{User: "ann", Item: "tea", Kind: store.View, Time: now}}}
//	err := st.Append(ctx, batch) // batch[0].Position is where it is now
//
//	var place store.Place // follow the log from its beginning
//	for {
//		for entry, err := range st.Scan(ctx, place) {
//			…
//			place = place.With(entry.Partition, entry.Position)
//		}
//		if err := st.Wait(ctx, place); err != nil { … }
//	}
//
// # Nouns
//
//   - An [Interaction] is what one user did to one item: its [Kind], a value, when, and where on which page it was
//     shown.
//   - An [Entry] is a [Fact], and the [Position] where the log holds it; a [Place] is how far one has come in all
//     partitions.
//   - A [Profile] is what a user has stated.
//   - A model is a file by name and version, of which one is current; a [Lease] is the right to do some work alone.
//
// Files are read by [ReadCSV], which knows the usual names of columns, and [ReadCSVWith], which is told others. Who
// writes a store finds the checks that all stores share here too: [ValidateBatch], [AcquireLease] and those beside
// them.
//
// # Cost and concurrency
//
// Every method of every store is safe for concurrent use, and takes a context; Append, once it writes, waits for the
// outcome whatever becomes of that. In a Memory an entry costs 96 bytes, 110 more with an ID, and its identifiers
// once; Append is O(1) an entry, and History O(the user's entries up to the last one returned). What pebblestore costs
// is in its document. Batches of up to [BatchMax] are how much comes in fast.
//
// # Caveats
//
// A log is ordered by arrival, not by Interaction.Time: a clock that goes backwards changes no order here. A store
// does not know items or users beyond their identifiers and accepts any. A Forgotten entry keeps the identifier of the
// user, until it is trimmed, for otherwise nobody would know whom to forget.
package store

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"
)

var (
	// ErrNotFound says that there is no such profile, cached value, model or version.
	ErrNotFound = errors.New("store: not found")
	// ErrConflict says that somebody else was there before: a profile was written with a version that is not the
	// stored one, or a current model was set with a fence that has been overtaken.
	ErrConflict = errors.New("store: version conflict")
	// ErrHeld says that a lease is another's.
	ErrHeld = errors.New("store: lease is held")
	// ErrInvalid says that a value cannot be stored as it is; the wrapping error says which field and why.
	ErrInvalid = errors.New("store: invalid")
	// ErrClosed says that the store was closed before the call.
	ErrClosed = errors.New("store: closed")
)

// Log is the append-only list of facts. It consists of partitions, numbered from 0 to less than PartitionsMax; most
// stores have one. All entries of a user are in the same partition. Implementations are safe for concurrent use.
type Log interface {
	// Append adds a batch in the order given, and fills in Partition and Position of each of its entries.
	//
	// All of it is stored when Append returns nil, as durably as the store promises, and none of it when an entry is
	// invalid or there are more than BatchMax (ErrInvalid), or when ctx is over to begin with. After another error
	// the entries of one user in it are stored all or none; a store of one partition stores the whole batch or none
	// of it. Once Append has begun to write it waits for the outcome, whatever becomes of ctx, so that an error that
	// is ctx.Err() says that nothing was stored. After any error Partition and Position mean nothing.
	//
	// Of entries with the same user and the same Interaction.ID the first counts, within a batch, among concurrent
	// calls and for as long as that one is in the log: another is not stored and gets Position 0, which is no error.
	// So an Append whose outcome is unknown may be tried again. Entries without an ID are all stored.
	//
	// A Forgotten entry is ErrInvalid: only Forget writes it. An empty batch does nothing. Append keeps neither the
	// slice nor what it points to but the bytes of strings.
	Append(ctx context.Context, batch []Entry) error

	// Scan yields the entries after a place, those of a partition in position order, up to the last ones appended
	// when it begins to run. When it has shown position p of a partition, no smaller one is added there later: a scan
	// since the last place seen continues without a gap, and following with Scan and Wait shows every entry once that
	// is not removed before its turn. It holds up no append, the caller may call any method of the store within the
	// loop, and it may be run again. An error ends it and comes last.
	Scan(ctx context.Context, since Place) iter.Seq2[Entry, error]

	// Wait returns when there is an entry after a place, at once when there is one already. It returns ctx.Err() when
	// ctx ends before, and ErrClosed when the store is closed.
	Wait(ctx context.Context, since Place) error

	// End returns the place of the last position given out in every partition: what is appended from now on lies
	// after it.
	End(ctx context.Context) (Place, error)

	// Trim removes the entries whose Time is before a time, whatever their Fact, from Scan and from History, also from
	// scans under way, before it returns, and lets their IDs come again. What is appended meanwhile stays or goes. The
	// positions of others do not change, and none is given out twice. When it fails, some may be gone.
	Trim(ctx context.Context, before time.Time) error

	// Trimmed returns the place of the last entry that Trim has removed in every partition, other than interactions
	// and exposures; zero where there was none. It is told no later than the entry is gone, as durably as the store
	// promises, and never goes back. Who follows the log reads it after a scan: when the place that they had come to
	// before does not cover it, somebody may have been forgotten, or changed their profile, without their hearing of
	// it, and what they remember of users is not to be trusted.
	Trimmed(ctx context.Context) (Place, error)
}

// Histories is the log by user. Implementations are safe for concurrent use.
type Histories interface {
	// History returns up to limit of the user's Interacted entries, with their places, the last appended first. An
	// unknown user or a limit of zero or less has none; that is not an error. The caller owns the slice.
	History(ctx context.Context, user string, limit int) ([]Entry, error)

	// Forget removes all entries of the user, whatever their Fact, and their IDs, from History and Scan, also from
	// scans under way, and leaves one Forgotten entry at the end of the log, with the time of the store's clock,
	// before it returns, durably when the store is durable. It does so for a user of whom the log has nothing too:
	// somebody else may know more. An entry appended meanwhile goes and lies before the Forgotten one, or stays and
	// lies after it; one appended afterwards stays, also with an ID that had been used. Positions of others do not
	// change, and none is given out twice. A user that no store can have, empty or longer than IDMax, is not in the
	// log and leaves nothing there. When Forget fails some entries may be gone, and calling it again does the rest.
	// Profiles are not touched.
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

// Models keeps model files by name and version, and which of them is in service. Implementations are safe for
// concurrent use.
type Models interface {
	// PutModel stores all of r as the next version of name, from 1 upwards, and returns that version. When r fails,
	// ctx is over or the store fails, no version appears; the error wraps the reader's. A name that is empty or
	// longer than IDMax is ErrInvalid. Other calls go on while r is read.
	PutModel(ctx context.Context, name string, r io.Reader) (version uint64, err error)

	// OpenModel opens a version of the model, the newest when version is 0, and says which it is. A missing one is
	// ErrNotFound. The caller closes it. A version that is deleted while it is read may end in ErrNotFound, and
	// never in a clean end before its own. A reader that knows how many bytes the version has tells it with a method
	// Size() int64.
	OpenModel(ctx context.Context, name string, version uint64) (io.ReadCloser, uint64, error)

	// ModelVersions returns the stored versions, the oldest first; none for an unknown name.
	ModelVersions(ctx context.Context, name string) ([]uint64, error)

	// DeleteModel removes a version; without it, it does nothing. The number is not used again. When it was the
	// current one, there is none.
	DeleteModel(ctx context.Context, name string, version uint64) error

	// Current returns the version that SetCurrent named last, or ErrNotFound when there is none.
	Current(ctx context.Context, name string) (uint64, error)

	// SetCurrent makes a stored version the current one, older or newer than the one before; one that is not there
	// is ErrNotFound. A fence other than 0 is the Token of the lease under which the caller works: when a higher one
	// has been seen for the name, the lease has gone to somebody else, and the call is ErrConflict. A fence of 0 is
	// none: it is neither checked nor remembered. What fails changes nothing, the fence remembered included.
	SetCurrent(ctx context.Context, name string, version, fence uint64) error
}

// Leases gives out leases. Two never hold the same name at the same moment of the store's clock, which is one clock
// for all who use the store. One who holds a lease cannot be stopped when it expires in the middle of the work: what
// they write last should carry the Token as a fence. Implementations are safe for concurrent use.
type Leases interface {
	// Acquire takes the lease for ttl from now, cut to the microsecond. While another holds it, or the caller does,
	// it is ErrHeld; it does not wait. Its Token is one more than that of the acquisition before, from 1 upwards. A
	// ttl of less than a microsecond and a name that is empty, longer than IDMax or not UTF-8 are ErrInvalid.
	Acquire(ctx context.Context, name string, ttl time.Duration) (Lease, error)

	// Renew makes a lease expire ttl from now, which may be sooner than before, and returns it with the same Token. A
	// lease that has expired or been released is lost, also when nobody has acquired it since: ErrHeld.
	Renew(ctx context.Context, lease Lease, ttl time.Duration) (Lease, error)

	// Release gives the lease back. One that is lost already is left alone, which is no error.
	Release(ctx context.Context, lease Lease) error
}

// Store is everything the engine keeps. Close waits for the calls under way; those that wait themselves, read from the
// caller or give to it (Wait, a scan, a segment, a model put or opened) go on to end with ErrClosed instead. After
// Close every other method returns ErrClosed, and Close does nothing.
type Store interface {
	Log
	Histories
	Profiles
	Models
	Leases
	io.Closer
}

// Combined is a Store made of parts that live in different engines.
type Combined struct {
	Log
	Histories
	Profiles
	Models
	Leases
	io.Closer
}

var _ Store = Combined{}
