/** Networks of client addresses: what the audit trail keeps, and who counts as on campus. */
import { BlockList, isIP } from 'node:net';

/** The /24 of an IPv4 or the /48 of an IPv6 address; null when it is neither. */
export function networkOf(address: string | undefined): string | null {
  const plain = plainAddress(address);
  if (isIP(plain) === 4) return `${plain.split('.').slice(0, 3).join('.')}.0/24`;
  if (isIP(plain) === 6) return `${expandedGroups(plain).slice(0, 3).join(':')}::/48`;
  return null;
}

/**
 * What one subscriber has: an IPv4 address, or the /64 of an IPv6 one, whose other 64 bits a client
 * chooses as it likes. Null when it is neither.
 */
export function blockOf(address: string | undefined): string | null {
  const plain = plainAddress(address);
  if (isIP(plain) === 6) return `${expandedGroups(plain).slice(0, 4).join(':')}::/64`;
  return isIP(plain) === 4 ? plain : null;
}

/** Says whether an address lies in one of the networks. */
export type NetworkTest = (address: string | undefined) => boolean;

/**
 * Builds a test for a list of networks.
 * @param networks  CIDR texts such as `10.20.0.0/16` or `fd00::/8`
 * @throws Error when one is not a network
 */
export function networkTest(networks: readonly string[]): NetworkTest {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix = ''] = network.split('/');
    const family = isIP(address);
    if (family === 0 || !/^\d{1,3}$/.test(prefix)) throw new Error(`not a network: ${network}`);
    list.addSubnet(address, Number(prefix), family === 4 ? 'ipv4' : 'ipv6');
  }
  return (address) => {
    const plain = plainAddress(address);
    const family = isIP(plain);
    return family !== 0 && list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
  };
}

/** The address as PostgreSQL reads it; null for what is none, such as one with a port. */
export function addressOf(address: string | undefined): string | null {
  const plain = plainAddress(address);
  return isIP(plain) === 0 ? null : plain;
}

/** IPv4 written as IPv6 (`::ffff:10.0.0.1`) is IPv4; a zone index is dropped. */
function plainAddress(address: string | undefined): string {
  const bare = (address ?? '').split('%')[0] ?? '';
  return bare.toLowerCase().startsWith('::ffff:') && bare.includes('.') ? bare.slice(7) : bare;
}

function expandedGroups(address: string): string[] {
  const [head = '', tail] = address.split('::');
  const left = head ? head.split(':') : [];
  const right = tail ? tail.split(':') : [];
  const missing = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  return [...left, ...Array.from({ length: missing }, () => '0'), ...right].map((group) =>
    Number.parseInt(group, 16).toString(16),
  );
}
