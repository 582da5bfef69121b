package growthbook

// savedGroups keeps each saved group whose id appears as a string anywhere in what is kept, which needs no list of the
// operators that refer to groups. Condition groups are reduced, except those evaluated against something other than the
// user (an element, a parent's value) and those on a cycle, whose result depends on where the cycle was entered.
func (r *reducer) savedGroups(kept []any) *object {
	out := newObject()
	saved := r.groups.saved
	if saved == nil || len(saved.keys) == 0 {
		return out
	}
	written := r.asWritten(kept)
	for id := range r.onCycles() {
		written[id] = true
	}
	walk([]any{kept}, func(id string) (next any) {
		if !saved.has(id) || out.has(id) {
			return nil
		}
		entry := saved.values[id]
		out.set(id, entry)
		if group := asObject(entry); group != nil && !written[id] {
			if left, ok := r.reducedGroup(id); ok {
				group = group.clone()
				group.set("condition", left)
				out.set(id, group)
				entry = group
			}
		}
		if refers(entry) {
			return entry
		}
		return nil
	})
	return out
}

// reducedGroup returns what is left of a condition group that is not decided.
func (r *reducer) reducedGroup(id string) (*object, bool) {
	reference := newObject()
	reference.set("id", id)
	p := r.groups.pruner(r.known)
	left, ok := p.group(reference, nil).(*object)
	return left, ok && !p.malformed
}

// refers reports whether a saved group can refer to others: the values of a list are never ids of groups.
func refers(entry any) bool {
	o := asObject(entry)
	return o != nil && o.get("type") != "list"
}

// walk calls visit for every string in the values, in order of the document, and walks what visit returns as well.
func walk(stack []any, visit func(string) any) {
	for len(stack) > 0 {
		v := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		switch v := v.(type) {
		case string:
			if next := visit(v); next != nil {
				stack = append(stack, next)
			}
		case *object:
			for i := len(v.keys) - 1; i >= 0; i-- {
				stack = append(stack, v.values[v.keys[i]])
			}
		case []any:
			for i := len(v) - 1; i >= 0; i-- {
				stack = append(stack, v[i])
			}
		}
	}
}

// asWritten finds the groups that something other than the user is evaluated against, directly or through others.
func (r *reducer) asWritten(kept []any) map[string]bool {
	type place struct {
		value any
		user  bool
	}
	saved := r.groups.saved
	written, seen := make(map[string]bool), make(map[string]bool)
	stack := []place{{kept, true}}
	for len(stack) > 0 {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		switch v := at.value.(type) {
		case string:
			if !saved.has(v) || written[v] || at.user && seen[v] {
				continue
			}
			if at.user {
				seen[v] = true
			} else {
				written[v] = true
			}
			if entry := saved.values[v]; refers(entry) {
				stack = append(stack, place{entry, at.user})
			}
		case *object:
			for _, key := range v.keys {
				user := at.user && key != "$elemMatch" && key != "parentConditions"
				stack = append(stack, place{v.values[key], user})
			}
		case []any:
			for _, e := range v {
				stack = append(stack, place{e, at.user})
			}
		}
	}
	return written
}

// onCycles finds the groups that refer to themselves, directly or through others: the strongly connected components of
// more than one group, and the groups that name themselves (Kosaraju's algorithm, without recursion).
func (r *reducer) onCycles() map[string]bool {
	saved := r.groups.saved
	forth, back := make(map[string][]string), make(map[string][]string)
	cyclic := make(map[string]bool)
	for _, id := range saved.keys {
		if !refers(saved.values[id]) {
			continue
		}
		walk([]any{saved.values[id]}, func(s string) any {
			if s == id {
				cyclic[id] = true
			}
			if saved.has(s) {
				forth[id] = append(forth[id], s)
				back[s] = append(back[s], id)
			}
			return nil
		})
	}
	var finished []string
	seen := make(map[string]bool)
	for _, id := range saved.keys {
		finished = append(finished, postorder(id, forth, seen)...)
	}
	clear(seen)
	for i := len(finished) - 1; i >= 0; i-- {
		if component := postorder(finished[i], back, seen); len(component) > 1 {
			for _, id := range component {
				cyclic[id] = true
			}
		}
	}
	return cyclic
}

// postorder returns what can be reached from root and was not seen, each after all that it leads to first.
func postorder(root string, edges map[string][]string, seen map[string]bool) (out []string) {
	if seen[root] {
		return nil
	}
	type frame struct {
		id   string
		next int
	}
	seen[root] = true
	stack := []frame{{id: root}}
	for len(stack) > 0 {
		f := &stack[len(stack)-1]
		if f.next == len(edges[f.id]) {
			out = append(out, f.id)
			stack = stack[:len(stack)-1]
			continue
		}
		to := edges[f.id][f.next]
		f.next++
		if !seen[to] {
			seen[to] = true
			stack = append(stack, frame{id: to})
		}
	}
	return out
}
