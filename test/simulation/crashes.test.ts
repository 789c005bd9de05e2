import { breakEveryWrite } from './broken-writes.ts';

breakEveryWrite({ 'killed before it': 'crash', 'killed after it': 'crash-after' });
