package dev.hone.tokenizer.chat.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Clock;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Templates that mean harm: each must end in an error, soon and cheaply. */
@Tag("chat-templates")
class LimitsTest {
  private static final String DOUBLE_20 = "{% set ns = namespace(s='aaaaaaaa') %}"
      + "{% for i in range(19) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{% set x = ns.s %}";

  /** Those of every rendering, but for the work, so that the tests need not wait for it. */
  private static final Limits LITTLE = new Limits(4_000_000, Limits.DEFAULT.memory(), Limits.DEFAULT.chars(),
      Limits.DEFAULT.rangeItems(), Limits.DEFAULT.depth());

  private static void assertStopped(String template) {
    JinjaException e = assertThrows(JinjaException.class,
        () -> Template.parse(template, LITTLE).render(Map.of(), Clock.systemUTC()));
    assertEquals(JinjaException.Kind.LIMIT, e.kind(), e::getMessage);
    assertEquals(1, e.getMessage().lines().count(), e::getMessage);
  }

  @ParameterizedTest
  @ValueSource(strings = {
      "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
      "{% for a in range(100000) %}{% for b in range(100000) %}some text{% endfor %}{% endfor %}",
      "{{ range(10 ** 18) }}",
      "{% for x in range(9223372036854775807, -9223372036854775808, -1) %}{% endfor %}",
      "{{ 'a' * 10 ** 9 }}",
      "{{ [1] * 10 ** 9 }}",
      "{% set ns = namespace(s='a') %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
      "{% set ns = namespace(s='a') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
      "{% set ns = namespace(s=[1]) %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
      "{% set ns = namespace(l=[]) %}{% for i in range(99999) %}{% set ns.l = ns.l + ['a' * 4000000 ~ i] %}{% endfor %}",
      "{{ 9 ** 9 ** 9 ** 9 ** 9 ** 9 }}",
      "{% set ns = namespace(n=7) %}{% for i in range(99) %}{% set ns.n = ns.n * ns.n %}{% endfor %}",
      "{{ 'x'.center(10 ** 9) }}",
      "{{ '%999999999d' % 1 }}",
      "{{ '{:.99999999f}'.format(1.5) }}",
      "{{ [[]] | tojson(indent=10 ** 9) }}",
      "{{ [1] | batch(10 ** 9, 1) | list }}",
      "{{ [1] | slice(10 ** 9) | list }}",
      "{{ range(100000) | join('-' * 1000) }}"})
  void sizeIsBounded(String template) {
    assertStopped(template);
  }

  @ParameterizedTest
  @ValueSource(strings = {
      "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
      "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(40) }}",
      "{% macro m() %}{% call m() %}{{ caller() }}{% endcall %}{{ caller }}{% endmacro %}{{ m() }}",
      "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
      "{% set ns = namespace() %}{% set ns.x = ns %}{{ ns }}",
      "{% set ns = namespace(l=[1]) %}{% for i in range(99999) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l }}",
      "{% set ns = namespace(l=[1]) %}{% for i in range(99999) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l | tojson }}",
      "{% set ns = namespace(l=[1]) %}{% for i in range(99) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}",
      "{% set ns = namespace(l=[1]) %}{% for i in range(99) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l | tojson }}",
      "{% set ns = namespace(l=[1], m=[1]) %}{% for i in range(99) %}{% set ns.l = [ns.l, ns.l] %}"
          + "{% set ns.m = [ns.m, ns.m] %}{% endfor %}{{ ns.l == ns.m }}",
      "{% set ns = namespace(l=(1,)) %}{% for i in range(99) %}{% set ns.l = (ns.l, ns.l) %}{% endfor %}{{ {ns.l: 1} }}",
      "{% set ns = namespace(l=[1]) %}{% for i in range(50000) %}{% set ns.l = ns.l | map('string') %}{% endfor %}"
          + "{{ ns.l | list }}"})
  void depthIsBounded(String template) {
    assertStopped(template);
  }

  /** x is a str of four million characters, used again and again. */
  @ParameterizedTest
  @ValueSource(strings = {"x[5]", "x[1:]", "x[::-1]", "x | length", "x + 'a'", "x ~ 'a'", "x == y", "x < y", "y in x",
      "'b' in x", "x.find(y)", "x.rfind(y)", "x.count('aa')", "x.replace('a', '')", "x.split('a')", "x.split()",
      "x.rsplit('aa')", "x.strip(y)", "x.splitlines()", "x.partition('b')", "x.upper()", "x.title()", "x | title",
      "x.startswith(x)", "x.isalpha()", "x is lower", "x | list", "x | tojson", "x | trim", "x | indent", "x | int",
      "x | float", "x | wordcount", "x | sort", "x | unique | list", "x | e", "x | safe + x", "{x: 1}", "[x] | join",
      "'%s' % x", "'{}'.format(x)", "x.format()", "strftime_now(x)", "x.zfill(9)", "x.expandtabs()", "x | urlencode",
      "x | map('upper') | list", "x | groupby(0)", "messages | map(attribute=x) | list", "x | reverse"})
  void everyUseOfALongTextIsPaidFor(String use) {
    assertStopped(DOUBLE_20 + "{% set y = x[:4000000] ~ 'b' %}{% set messages = [{}] %}"
        + "{% for i in range(100000) %}{% set z = " + use + " %}{% endfor %}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"(", "[", "{1:", "not ", "- ", "a if a else ", "a[", "a(", "a|list(", "a is eq(", "{{", "{"})
  void theSourceMayNotNestWithoutEnd(String piece) {
    JinjaException e = assertThrows(JinjaException.class, () -> Template.parse("{{ " + piece.repeat(10_000)));
    assertTrue(e.kind() == JinjaException.Kind.LIMIT || e.kind() == JinjaException.Kind.SYNTAX, e::getMessage);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{% if 1 %}", "{% for x in [1] %}", "{% macro m() %}", "{% call m() %}", "{% set x %}",
      "{% filter upper %}", "{% with a = 1 %}", "{% generation %}"})
  void blocksMayNotNestWithoutEnd(String tag) {
    JinjaException e = assertThrows(JinjaException.class, () -> Template.parse(tag.repeat(10_000)));
    assertEquals(JinjaException.Kind.LIMIT, e.kind());
  }

  @ParameterizedTest
  @ValueSource(strings = {"+a", "*a", " and a", " or a", ".b", "[0]", "()", "|list"})
  void aLongChainEndsInAnError(String link) {
    Template template = Template.parse("{% set a = 1 %}{{ a" + link.repeat(10_000 / link.length()) + " }}");
    JinjaException e = assertThrows(JinjaException.class, () -> template.render(Map.of(), Clock.systemUTC()));
    assertTrue(e.getMessage().startsWith("line 1: "), e::getMessage);
  }

  @Test
  void aTemplateOfAMegabyteIsRefused() {
    assertStopped("x".repeat(1 << 20));
  }

  @Test
  void longInputRaisesTheLimits() {
    String text = "word ".repeat(2_000_000);
    String rendered = Template.parse("{{ x | trim }}{{ x.strip() ~ '.' }}")
        .render(Map.of("x", text), Clock.systemUTC()).text();
    assertEquals(2 * text.length() - 1, rendered.length());
  }

  @Test
  void theErrorNamesTheLine() {
    JinjaException e = assertThrows(JinjaException.class,
        () -> Template.parse("a\n{{ range(3) }}\n{{ 'a' * 10 ** 9 }}").render(Map.of(), Clock.systemUTC()));
    assertEquals("line 3: a text of 1000000000 characters; the sandbox allows 8388608", e.getMessage());
  }
}
