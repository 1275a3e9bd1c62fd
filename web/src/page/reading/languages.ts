/**
 * The languages that code is coloured in: what fences call them, and what people do. `grammars.ts`, which is
 * loaded when the first of them is shown, has a grammar for each.
 */
const LANGUAGES = {
  bash: ["Bash", "sh", "shell", "zsh", "console", "shell-session"],
  c: ["C", "h"],
  cpp: ["C++", "c++", "cc", "cxx", "hpp", "cuda"],
  csharp: ["C#", "c#", "cs"],
  css: ["CSS"],
  diff: ["Diff", "patch"],
  dockerfile: ["Dockerfile", "docker"],
  go: ["Go", "golang"],
  haskell: ["Haskell", "hs"],
  ini: ["INI", "toml", "cfg", "conf"],
  java: ["Java"],
  javascript: ["JavaScript", "js", "jsx", "mjs", "cjs", "node"],
  json: ["JSON", "jsonc", "json5"],
  kotlin: ["Kotlin", "kt"],
  lua: ["Lua"],
  makefile: ["Makefile", "make", "mk"],
  php: ["PHP"],
  powershell: ["PowerShell", "ps1", "pwsh"],
  python: ["Python", "py", "python3", "pycon"],
  r: ["R"],
  ruby: ["Ruby", "rb"],
  rust: ["Rust", "rs"],
  scss: ["SCSS"],
  sql: ["SQL", "sqlite", "postgresql", "mysql"],
  swift: ["Swift"],
  typescript: ["TypeScript", "ts", "tsx"],
  xml: ["XML", "html", "svg", "xhtml"],
  yaml: ["YAML", "yml"],
} as const satisfies Readonly<Record<string, readonly [string, ...string[]]>>;

export type Language = keyof typeof LANGUAGES;

/** Names of fences whose language has another name than its grammar. */
const OWN_NAMES: ReadonlyMap<string, string> = new Map([
  ["cuda", "CUDA C++"],
  ["html", "HTML"],
  ["jsx", "JSX"],
  ["svg", "SVG"],
  ["toml", "TOML"],
  ["tsx", "TSX"],
]);

const KNOWN: ReadonlyMap<string, Language> = new Map(
  Object.entries(LANGUAGES).flatMap(([language, [, ...others]]) =>
    [language, ...others].map((name) => [name, language as Language] as const),
  ),
);

/** The language of a fence, by the name that it gives; null where its code is not coloured. */
export function languageOf(name: string): Language | null {
  return KNOWN.get(name.toLowerCase()) ?? null;
}

/**
 * The name to show for a fence's language: what it is called, or the fence's own word where that is unknown.
 */
export function shownName(name: string): string {
  const language = languageOf(name);
  return OWN_NAMES.get(name.toLowerCase()) ?? (language ? LANGUAGES[language][0] : name);
}
