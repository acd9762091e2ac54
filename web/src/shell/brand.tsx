/** The product's name and sign. */
import { useTranslation } from 'react-i18next';
import './brand.css';

/** Sign and name; the sign alone where room is short. */
export function Brand({ isCompact = false }: { readonly isCompact?: boolean }) {
  const { t } = useTranslation();
  return (
    <span className="brand">
      <svg viewBox="0 0 32 32" width="30" height="30" aria-hidden="true">
        <rect width="32" height="32" rx="9" fill="currentColor" />
        <path
          d="M9 16.8l4.6 4.7L23.2 11"
          fill="none"
          stroke="#fff"
          strokeWidth="3.4"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      </svg>
      {isCompact ? null : (
        <span className="brand-words">
          <span className="brand-name">{t('common.appName')}</span>
          <span className="brand-product">{t('common.productName')}</span>
        </span>
      )}
    </span>
  );
}
