// argocd-lua runs one of the scripts of deploy/argocd as Argo CD does: a Lua 5.1 in which `obj` is the resource, with
// os.date and os.time as the only functions of the system. Standard input: {"script": "...", "object": {...}}; standard
// output: what the script returns, as JSON.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	lua "github.com/yuin/gopher-lua"
)

type request struct {
	Script string         `json:"script"`
	Object map[string]any `json:"object"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "argocd-lua:", err)
		os.Exit(1)
	}
}

func run() error {
	var asked request
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		return fmt.Errorf("standard input: %w", err)
	}
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for name, open := range map[string]lua.LGFunction{
		lua.BaseLibName: lua.OpenBase, lua.TabLibName: lua.OpenTable, lua.StringLibName: lua.OpenString,
	} {
		state.Push(state.NewFunction(open))
		state.Push(lua.LString(name))
		state.Call(1, 0)
	}
	state.SetGlobal("os", safeOs(state))
	state.SetGlobal("obj", toLua(state, asked.Object))
	if err := state.DoString(asked.Script); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(fromLua(state.Get(-1)))
}

// safeOs knows the one format that the scripts use.
func safeOs(state *lua.LState) *lua.LTable {
	table := state.NewTable()
	state.SetField(table, "date", state.NewFunction(func(l *lua.LState) int {
		if format := l.CheckString(1); format != "!%Y-%m-%dT%H:%M:%SZ" {
			l.RaiseError("os.date: unexpected format %s", format)
		}
		l.Push(lua.LString(time.Now().UTC().Format("2006-01-02T15:04:05Z")))
		return 1
	}))
	return table
}

func toLua(state *lua.LState, value any) lua.LValue {
	switch typed := value.(type) {
	case map[string]any:
		table := state.NewTable()
		for key, item := range typed {
			table.RawSetString(key, toLua(state, item))
		}
		return table
	case []any:
		table := state.NewTable()
		for _, item := range typed {
			table.Append(toLua(state, item))
		}
		return table
	case string:
		return lua.LString(typed)
	case float64:
		return lua.LNumber(typed)
	case bool:
		return lua.LBool(typed)
	default:
		return lua.LNil
	}
}

func fromLua(value lua.LValue) any {
	switch typed := value.(type) {
	case *lua.LTable:
		if length := typed.Len(); length > 0 {
			items := make([]any, 0, length)
			for i := 1; i <= length; i++ {
				items = append(items, fromLua(typed.RawGetInt(i)))
			}
			return items
		}
		fields := map[string]any{}
		typed.ForEach(func(key, item lua.LValue) { fields[key.String()] = fromLua(item) })
		return fields
	case lua.LString:
		return string(typed)
	case lua.LNumber:
		return float64(typed)
	case lua.LBool:
		return bool(typed)
	default:
		return nil
	}
}
