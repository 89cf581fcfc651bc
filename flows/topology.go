// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

// OneToOne lets two parties connect to each other, such as endpoints of isolated networks. The rules' names begin with name.
func OneToOne(name string, a, b Selector, services ...Service) []Rule {
	return OneToMany(name, a, []Selector{b}, services...)
}

// OneToMany lets a hub and each of its spokes connect to each other, but not the spokes among themselves.
// Without a spoke there is no rule: one for nobody would be one for anyone.
func OneToMany(name string, hub Selector, spokes []Selector, services ...Service) []Rule {
	if len(spokes) == 0 {
		return nil
	}
	return []Rule{
		{Name: name + "/from-hub", From: []Selector{hub}, To: spokes, Services: services},
		{Name: name + "/to-hub", From: spokes, To: []Selector{hub}, Services: services},
	}
}

// ManyToMany lets all members connect to each other.
// Without a member there is no rule.
func ManyToMany(name string, members []Selector, services ...Service) []Rule {
	if len(members) == 0 {
		return nil
	}
	return []Rule{{Name: name, From: members, To: members, Services: services}}
}
