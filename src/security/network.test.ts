import { describe, expect, it } from '@jest/globals';
import { addressOf, blockOf, networkOf, networkTest } from './network.ts';

describe('networkOf', () => {
  it.each([
    ['10.20.30.40', '10.20.30.0/24'],
    ['::ffff:10.20.30.40', '10.20.30.0/24'],
    ['2001:db8:aa:bb::1', '2001:db8:aa::/48'],
    ['2001:0db8:00aa:bb:1:2:3:4', '2001:db8:aa::/48'],
    ['::1', '0:0:0::/48'],
    ['fe80::1%eth0', 'fe80:0:0::/48'],
    ['nonsense', null],
    [undefined, null],
  ])('keeps of %s only %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});

it.each([
  ['10.20.0.7', '10.20.0.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2:ffff::1', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::ffff:10.20.0.7', '10.20.0.7'],
  ['10.20.0.7:80', null],
  [undefined, null],
])('what has %s has %s', (address, block) => {
  expect(blockOf(address)).toBe(block);
});

describe('networkTest', () => {
  it('says whether an address lies in one of the networks', () => {
    const isInside = networkTest(['10.20.0.0/16', 'fd00::/8']);

    expect(isInside('10.20.1.1')).toBe(true);
    expect(isInside('::ffff:10.20.1.1')).toBe(true);
    expect(isInside('fd12::1')).toBe(true);
    expect(isInside('10.21.1.1')).toBe(false);
    expect(isInside(undefined)).toBe(false);
  });

  it('refuses what is not a network', () => {
    expect(() => networkTest(['10.0.0.1'])).toThrow(/not a network/);
    expect(() => networkTest(['campus/8'])).toThrow(/not a network/);
  });
});

it.each([
  ['::ffff:10.20.0.7', '10.20.0.7'],
  ['10.20.0.7', '10.20.0.7'],
  ['fe80::1%eth0', 'fe80::1'],
  ['10.20.0.7:5000', null],
  ['garbage', null],
  ['', null],
  [undefined, null],
])('the address %s is %s in a network', (address, plain) => {
  expect(addressOf(address)).toBe(plain);
});
