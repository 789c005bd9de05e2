import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CelAuthorizer, compileCel, createCelEnvironment, toCel, withoutMessageLiterals } from './cel.ts';

const environment = createCelEnvironment('admission');
const question = { username: 'anna', verb: '', group: '', resource: '', subresource: '', namespace: '', name: '' };

function evaluate(expression: string, object: unknown, oldObject: unknown = {}): unknown {
  const authorizer = new CelAuthorizer(
    ({ verb, username, name }) => verb === 'promote' && username === 'anna' && name === 'a',
    question,
  );
  const variables = { object: toCel(object), oldObject: toCel(oldObject), request: {}, variables: {}, authorizer };
  return compileCel(environment, expression).evaluate(variables);
}

describe('withoutMessageLiterals', () => {
  it('makes maps of JSONPatch literals only', () => {
    expect(withoutMessageLiterals('[JSONPatch{op: "add", path: "/a/" + f(x, y), value: {"b": c ? d : e}}]')).toBe(
      '[{"op": "add", "path": "/a/" + f(x, y), "value": {"b": c ? d : e}}]',
    );
    const text = 'a ? {"x": b} : "JSONPatch{op: 1}"';
    expect(withoutMessageLiterals(text)).toBe(text);
  });

  it('changes nothing else', () => {
    const token = fc.constantFrom(
      'a',
      ' ',
      '"x: y"',
      "'{'",
      '{',
      '}',
      '(',
      ')',
      '[',
      ']',
      ',',
      ':',
      '?',
      '1.5',
      '==',
      '.b',
      'has',
      '&&',
      '\n',
    );
    fc.assert(
      fc.property(fc.array(token), (tokens) => {
        const text = tokens.join('');
        expect(withoutMessageLiterals(text)).toBe(text);
      }),
    );
  });
});

describe('compileCel', () => {
  it.each([
    ['object.n + 1 == 3', { n: 2 }, true],
    ['object.?n == oldObject.?n', {}, true],
    ['object.?n == oldObject.?n', { n: 1 }, false],
    ['object.?n != oldObject.?n', { n: 1 }, true],
    ['has(object.a.b)', { a: {} }, false],
    ['jsonpatch.escapeKey("a/b~c")', {}, 'a~1b~0c'],
    ['[JSONPatch{op: "add", path: "/x", value: object.n}]', { n: 2 }, [{ op: 'add', path: '/x', value: 2 }]],
    ['authorizer.group("g").resource("r").name("a").check("promote").allowed()', {}, true],
    ['authorizer.group("g").resource("r").name("b").check("promote").allowed()', {}, false],
  ])('%s of %j is %j', (expression, object, value) => {
    expect(evaluate(expression, object)).toEqual(value);
  });

  it.each([
    ['Object{spec: Object.spec{paused: true}}', 'message literals of Object'],
    ['object.x ==', 'Unexpected'],
    ['unheardOf.x', 'unheardOf'],
    ['authorizer.path("/x").check("get").allowed()', 'path'],
    ['quantity("1").isGreaterThan(quantity("2"))', 'quantity'],
  ])('refuses %s', (expression, message) => {
    expect(() => compileCel(environment, expression)).toThrow(message);
  });

  it('fails where a field is missing', () => {
    expect(() => evaluate('object.missing == 1', {})).toThrow('missing');
  });
});
