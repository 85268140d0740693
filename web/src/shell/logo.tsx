/** The mark: three layers, each narrower than the one below. */
export const Logo = () => (
  <svg viewBox="0 0 32 32" aria-hidden="true">
    <rect x="2" y="21" width="28" height="6" rx="1.5" />
    <rect x="7" y="13" width="18" height="6" rx="1.5" />
    <rect x="12" y="5" width="8" height="6" rx="1.5" />
  </svg>
);
